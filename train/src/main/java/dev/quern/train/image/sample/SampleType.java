package dev.quern.train.image.sample;

import java.awt.image.DataBuffer;

/**
 * How one sample stands in the file.
 *
 * @param bits 1 to 16, 24 or 32
 * @param floatingPoint whether the samples are floating-point numbers
 * @param signed whether integer samples may be negative
 */
public record SampleType(int bits, boolean floatingPoint, boolean signed) {

  public static final SampleType BYTE = unsigned(8);
  public static final SampleType FLOAT = new SampleType(32, true, true);

  public static SampleType unsigned(int bits) {
    return new SampleType(bits, false, false);
  }

  /**
   * The sample value that stands for white.
   *
   * @return the largest integer of this type, or 1 for floating point
   */
  public float largest() {
    return floatingPoint ? 1 : (float) ((1L << (signed ? bits - 1 : bits)) - 1);
  }

  /** The smallest type of {@link DataBuffer} that holds every sample. */
  public int dataType() {
    if (floatingPoint) {
      return DataBuffer.TYPE_FLOAT;
    }
    if (bits > 16) {
      return DataBuffer.TYPE_INT;
    }
    if (signed) {
      return DataBuffer.TYPE_SHORT;
    }
    return bits > 8 ? DataBuffer.TYPE_USHORT : DataBuffer.TYPE_BYTE;
  }
}
