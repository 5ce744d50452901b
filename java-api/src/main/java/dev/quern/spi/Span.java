package dev.quern.spi;

import dev.quern.DType;

/**
 * A dense range of a device buffer: what kernels are given.
 *
 * @param buffer the block it lies in
 * @param dtype the element type
 * @param offset the first element, counted in elements of {@code dtype} from the block's start
 * @param length the number of elements
 */
public record Span(DeviceBuffer buffer, DType dtype, long offset, long length) {
  /** Checks the range. */
  public Span {
    if (offset < 0 || length < 0 || length > buffer.byteSize() / dtype.bytes() - offset) {
      throw new IndexOutOfBoundsException(
          "Elements "
              + offset
              + " to "
              + (offset + length)
              + " of "
              + dtype
              + " do not fit into a buffer of "
              + buffer.byteSize()
              + " bytes.");
    }
  }

  /**
   * Makes a span over a whole buffer's beginning.
   *
   * @param buffer the block
   * @param dtype the element type
   * @param length the number of elements from its start
   * @return the span
   */
  public static Span of(DeviceBuffer buffer, DType dtype, long length) {
    return new Span(buffer, dtype, 0, length);
  }

  /**
   * Returns the distance of the first element from the block's start.
   *
   * @return that distance in bytes
   */
  public long byteOffset() {
    return offset * dtype.bytes();
  }

  /**
   * Returns the extent in bytes.
   *
   * @return the extent in bytes
   */
  public long byteSize() {
    return length * dtype.bytes();
  }
}
