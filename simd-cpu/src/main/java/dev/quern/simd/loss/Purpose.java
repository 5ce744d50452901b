package dev.quern.simd.loss;

/** What a pass is for. The side of the probabilities can be kept where the gradient will be. */
enum Purpose {
  SUMS,
  SUMS_KEEPING_SIDE,
  GRADIENT,
  GRADIENT_FROM_SIDE,
  SUMS_AND_GRADIENT;

  boolean sums() {
    return this == SUMS || this == SUMS_KEEPING_SIDE || this == SUMS_AND_GRADIENT;
  }

  boolean gradient() {
    return this == GRADIENT || this == GRADIENT_FROM_SIDE || this == SUMS_AND_GRADIENT;
  }
}
