package dev.quern.simd.loss.loops;

import dev.quern.spi.loss.LossCoefficients;

/** The class of a block that is being worked on: its factors, and its coefficients of pass 2. */
final class Selected {
  /** Which it is, counted from the piece's first. */
  int index;

  /** Slopes of the overlap losses in p: of a hit, of a miss. */
  float hit;

  float miss;

  float bce;
  float focal;
  float focalNorm;
  float crossEntropy;
  float softmaxFocal;

  /** Of the positive part of the binary cross-entropy. */
  float bcePositive;

  float crossEntropyFactor;
  float softmaxFocalFactor;

  /**
   * Selects a class.
   *
   * @param index counted from the piece's first
   * @param options of the loss
   * @param of the class
   * @param coefficients those of all segments, or none
   * @param at where those of the class begin
   */
  void select(int index, LossOptions options, int of, float[] coefficients, int at) {
    this.index = index;
    bcePositive = options.scalars.bcePositive()[of];
    crossEntropyFactor = options.scalars.crossEntropy()[of];
    softmaxFocalFactor = options.scalars.softmaxFocal()[of];
    if (coefficients.length > at) {
      hit = coefficients[at + LossCoefficients.HIT];
      miss = coefficients[at + LossCoefficients.MISS];
      bce = coefficients[at + LossCoefficients.BCE];
      focal = coefficients[at + LossCoefficients.FOCAL];
      focalNorm = coefficients[at + LossCoefficients.FOCAL_NORM];
      crossEntropy = coefficients[at + LossCoefficients.CROSS_ENTROPY];
      softmaxFocal = coefficients[at + LossCoefficients.SOFTMAX_FOCAL];
    }
  }
}
