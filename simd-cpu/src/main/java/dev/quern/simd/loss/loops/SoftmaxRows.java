package dev.quern.simd.loss.loops;

/**
 * Rows of losses of classes that exclude one another. Two names of one row tell that the second
 * takes the place of the first.
 */
final class SoftmaxRows {
  // ---- of a pixel, carried from class to class ----

  /** The largest logit; in pass 2 the largest probability instead. */
  final float[] largest = LossBlock.row();

  final float[] mostP = largest;

  /** The likeliest class. */
  final float[] first = LossBlock.row();

  /** The sum of e^(x - largest) of the others, 1 over the sum of all, and its logarithm. */
  final float[] rest = LossBlock.row();

  final float[] inverse = LossBlock.row();
  final float[] logNorm = LossBlock.row();

  /** The slope in the likeliest class's p, from which the others' are measured. */
  final float[] anchor = LossBlock.row();

  /** The derivative by ln p of the likeliest class, and the sum of the others'. */
  final float[] firstSlope = LossBlock.row();

  final float[] slopeSum = LossBlock.row();

  /** The pixel's losses. */
  final float[] crossEntropy = LossBlock.row();

  final float[] softmaxFocal = LossBlock.row();

  // ---- of the class selected ----

  /** The derivative by ln p of the class, kept until the sums over the classes are known. */
  float[] classSlope = new float[0];

  final float[] logP = LossBlock.row();

  /** max(p, 1e-7), where probabilities are the input. */
  final float[] boundedP = LossBlock.row();

  /** 1 - p. */
  final float[] q = LossBlock.row();

  /** ln(1 - p), then (1 - p)^gamma. */
  final float[] logQ = LossBlock.row();

  final float[] weight = logQ;
}
