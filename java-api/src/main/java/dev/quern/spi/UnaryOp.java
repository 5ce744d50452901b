package dev.quern.spi;

/** Elementwise functions of one operand. */
public enum UnaryOp {
  /** 1 / (1 + e^-x). */
  SIGMOID,
  /** ln(1 + e^x), without overflow. */
  SOFTPLUS
}
