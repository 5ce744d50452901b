package dev.quern.spi.tensor;

/** Elementwise functions of one operand. NaN stays NaN, except in SIGN. */
public enum UnaryOp {
  /** 1 / (1 + e^-x). */
  SIGMOID,
  /** ln(1 + e^x), without overflow. */
  SOFTPLUS,
  /** e^x. */
  EXP,
  /** ln x: -infinity for 0, NaN for negative x. */
  LOG,
  /** 1 for positive x, -1 for negative, 0 for 0 and NaN; its derivative is 0. */
  SIGN,
  /** The greater of 0 and x; its derivative at 0 is 0. */
  RELU,
  /** x where it is positive, else x / 100; the derivative at 0 is 1 / 100. */
  LEAKY_RELU,
  /**
   * x (1 + erf(x / sqrt 2)) / 2: the exact form, Hendrycks and Gimpel 2016; NaN for -infinity, as
   * infinity times 0 is.
   */
  GELU,
  /** x / (1 + e^-x); NaN for -infinity. */
  SILU,
  /** The hyperbolic tangent. */
  TANH,
  /** The magnitude; its derivative at 0 is 0. */
  ABS,
  /** The root, correctly rounded where the device does so; NaN for negative x. */
  SQRT
}
