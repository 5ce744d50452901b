package dev.quern.simd.loss.loops;

/**
 * Rows of {@link LabelLoops}, all of a pixel. Two names of one row tell that the second takes the
 * place of the first.
 */
final class LabelRows {
  /** The exponential of the label. */
  final float[] own = LossBlock.row();

  /** The sum of the others', then that over the label's. */
  final float[] others = LossBlock.row();

  final float[] odds = others;

  /** The sum of all exponentials, then 1 - p of the label. */
  final float[] total = LossBlock.row();

  final float[] rest = total;

  /** 1 over the sum; 0 for pixels that do not count. */
  final float[] inverse = LossBlock.row();

  /** The largest exponential, and the slope in the p of its class. */
  final float[] most = LossBlock.row();

  final float[] anchor = LossBlock.row();

  /** The sum of e_j (k_j - k_f). */
  final float[] mean = LossBlock.row();

  /** The weight of the label in the cross-entropy, 0 without one. */
  final float[] weight = LossBlock.row();

  /** What is added to the slope of a class: of the label, of another. */
  final float[] labelPull = LossBlock.row();

  final float[] otherPull = LossBlock.row();

  /** The label as an index, 0 for none. */
  final int[] indices = new int[LossBlock.SIZE];
}
