package dev.quern;

/**
 * The element types a {@link Tensor} can hold.
 *
 * <p>Arithmetic is done in F32. F64 exists on the reference backend only; F16 and BF16 are storage
 * formats of the devices; U8, I32, I64 and BOOL hold masks, labels and counts. Which of them a
 * backend accepts in which operation is asked with {@link dev.quern.Engine#support(Class, DType)}.
 */
public enum DType {
  /** IEEE 754 single precision. */
  F32(4, 0),
  /** IEEE 754 double precision. */
  F64(8, 1),
  /** IEEE 754 half precision. */
  F16(2, 2),
  /** The upper half of an F32. */
  BF16(2, 3),
  /** Unsigned byte: masks and labels. */
  U8(1, 4),
  /** 32-bit signed integer. */
  I32(4, 5),
  /** 64-bit signed integer: counts, labels, step numbers. */
  I64(8, 6),
  /** One byte, 0 or 1. */
  BOOL(1, 7);

  private final int bytes;
  private final int code;

  DType(int bytes, int code) {
    this.bytes = bytes;
    this.code = code;
  }

  /**
   * Returns the size of one element.
   *
   * @return the size of one element in bytes
   */
  public int bytes() {
    return bytes;
  }

  /**
   * Returns the number by which kernels that take several types are told theirs.
   *
   * @return the value of {@code QUERN_DTYPE_...} in the kernels' sources
   */
  public int code() {
    return code;
  }

  /**
   * Tells whether targets of losses and metrics may have this type.
   *
   * @return whether it is U8, I32, I64 (labels) or F32 (labels, shares or soft targets)
   */
  public boolean isTarget() {
    return this == F32 || isLabel();
  }

  /**
   * Tells whether labels may have this type.
   *
   * @return whether it is U8, I32 or I64
   */
  public boolean isLabel() {
    return this == U8 || this == I32 || this == I64;
  }
}
