package dev.quern.spi;

/** Elementwise functions of one operand. */
public enum UnaryOp {
  /** 1 / (1 + e^-x). */
  SIGMOID,
  /** ln(1 + e^x), without overflow. */
  SOFTPLUS,
  /** 1 for positive x, -1 for negative, 0 for 0 and NaN. */
  SIGN
}
