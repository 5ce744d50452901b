package dev.quern.spi.tensor;

/** Elementwise functions of one operand. */
public enum UnaryOp {
  /** 1 / (1 + e^-x). */
  SIGMOID,
  /** ln(1 + e^x), without overflow. */
  SOFTPLUS,
  /** e^x. */
  EXP,
  /** ln x: -infinity for 0, NaN for negative x. */
  LOG,
  /** 1 for positive x, -1 for negative, 0 for 0 and NaN. */
  SIGN
}
