package dev.quern.simd.loss.loops;

/**
 * Rows of the focal loss of one class, q being the probability of the target and l the element's
 * cross-entropy. Two names of one row tell that the second takes the place of the first.
 */
final class FocalRows {
  /** ln(1 + e), then l. */
  final float[] log1p = LossBlock.row();

  final float[] loss = log1p;

  /** q. */
  final float[] hit = LossBlock.row();

  /** The derivative of l by the logit. */
  final float[] slope = LossBlock.row();

  /** The derivative of ln(1 - q) by the logit. */
  final float[] decline = LossBlock.row();

  /** ln(1 - q) (of soft targets first 1 - q), then the weight f. */
  final float[] logRest = LossBlock.row();

  final float[] weight = logRest;

  /** From probabilities: the logit that the loss takes, and its derivative. */
  final float[] logit = LossBlock.row();

  final float[] chain = LossBlock.row();

  /** The logit on the side of the target: of {@link HardFocalLoops}, which take logits only. */
  final float[] z = logit;
}
