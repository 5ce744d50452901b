package dev.quern.spi.tensor;

/** Elementwise functions of two operands of equal length. */
public enum BinaryOp {
  /** a + b. */
  ADD,
  /** a - b. */
  SUBTRACT,
  /** a * b. */
  MULTIPLY,
  /** a / b, correctly rounded where the device does so. */
  DIVIDE,
  /** The larger operand; a NaN operand gives NaN. */
  MAX,
  /** The smaller operand; a NaN operand gives NaN. */
  MIN,
  /** a where b is not 0, else 0, whatever a is: a mask that also stops NaN and infinity. */
  SELECT
}
