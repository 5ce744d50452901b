package dev.quern.simd.loss.loops;

/** Rows of the binary cross-entropy of one class. */
final class BceRows {
  /** From probabilities: ln p and ln(1 - p). */
  final float[] logP = LossBlock.row();

  final float[] logQ = LossBlock.row();

  /** The elements' losses. */
  final float[] loss = LossBlock.row();
}
