package dev.quern.reference.element;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.DType;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import java.lang.foreign.MemorySegment;

/**
 * The elements of an F32 or F64 span, read as doubles and rounded once when written, so that a loop
 * stands once for both. F64 may start at any multiple of 4 bytes, as borrowed memory does.
 *
 * @param segment their memory
 * @param wide whether they are F64
 */
public record Elements(MemorySegment segment, boolean wide) {
  /**
   * Looks at a span.
   *
   * @param span F32 or F64
   * @return its elements
   */
  public static Elements of(Span span) {
    return new Elements(HostBuffer.segment(span), span.dtype() == DType.F64);
  }

  /**
   * Reads an element.
   *
   * @param index which one
   * @return its value
   */
  public double get(long index) {
    return wide
        ? segment.getAtIndex(JAVA_DOUBLE_UNALIGNED, index)
        : segment.getAtIndex(JAVA_FLOAT, index);
  }

  /**
   * Writes an element.
   *
   * @param index which one
   * @param value its value before rounding
   */
  public void set(long index, double value) {
    if (wide) {
      segment.setAtIndex(JAVA_DOUBLE_UNALIGNED, index, value);
    } else {
      segment.setAtIndex(JAVA_FLOAT, index, (float) value);
    }
  }

  /**
   * Rounds to the dtype.
   *
   * @param value any
   * @return what {@link #get} returns once it is written
   */
  public double round(double value) {
    return wide ? value : (float) value;
  }
}
