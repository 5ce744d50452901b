package dev.quern.op;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What is known of a tensor before its elements. A 4-D shape whose elements lie alike in both
 * formats, since it has one channel or images of one pixel, is written CONTIGUOUS, so that equal
 * types are equal orders in memory.
 *
 * @param dtype the element type
 * @param shape the shape; in CHANNELS_LAST format it has four axes (N, C, H, W)
 * @param format the order of the elements in memory
 */
public record TensorType(DType dtype, Shape shape, MemoryFormat format) {
  /**
   * Checks the rank.
   *
   * @throws IllegalArgumentException if the format is CHANNELS_LAST and the shape is not 4-D
   */
  public TensorType {
    if (format == MemoryFormat.CHANNELS_LAST) {
      if (shape.rank() != 4) {
        throw new IllegalArgumentException(
            "CHANNELS_LAST is an order of tensors (N, C, H, W), but the shape is " + shape + ".");
      }
      if (isBoth(shape)) {
        format = MemoryFormat.CONTIGUOUS;
      }
    }
  }

  /**
   * Makes a type of CONTIGUOUS format.
   *
   * @param dtype the element type
   * @param shape the shape, of any rank
   */
  public TensorType(DType dtype, Shape shape) {
    this(dtype, shape, MemoryFormat.CONTIGUOUS);
  }

  /**
   * Tells whether the elements lie in an order.
   *
   * @param order the order
   * @return whether it is the format; with one channel, or images of one pixel, both are
   */
  public boolean is(MemoryFormat order) {
    return format == order || (shape.rank() == 4 && isBoth(shape));
  }

  /**
   * Returns the type with other elements.
   *
   * @param other their type
   * @return the type with it
   */
  public TensorType as(DType other) {
    return new TensorType(other, shape, format);
  }

  /**
   * Returns the type with another order in memory.
   *
   * @param other the order
   * @return the type with it
   * @throws IllegalArgumentException if that is CHANNELS_LAST and the shape is not 4-D
   */
  public TensorType as(MemoryFormat other) {
    return new TensorType(dtype, shape, other);
  }

  /**
   * Returns the axes in the order in which they lie.
   *
   * @return the outermost in memory first
   */
  public List<Integer> memoryOrder() {
    return format == MemoryFormat.CHANNELS_LAST
        ? List.of(0, 2, 3, 1)
        : IntStream.range(0, shape.rank()).boxed().toList();
  }

  /**
   * Returns how far neighbours along each axis lie from each other.
   *
   * @return in elements, in the order of the shape's axes
   */
  public List<Long> strides() {
    var strides = new ArrayList<Long>(Collections.nCopies(shape.rank(), 1L));
    long stride = 1;
    for (int axis : memoryOrder().reversed()) {
      strides.set(axis, stride);
      stride *= shape.dim(axis);
    }
    return List.copyOf(strides);
  }

  private static boolean isBoth(Shape shape) {
    return shape.dim(1) == 1 || (shape.dim(2) == 1 && shape.dim(3) == 1);
  }

  /** Returns the type as in {@code F32 (2, 3, 64, 64) CHANNELS_LAST}. */
  @Override
  public String toString() {
    return dtype + " " + shape + (format == MemoryFormat.CONTIGUOUS ? "" : " " + format);
  }
}
