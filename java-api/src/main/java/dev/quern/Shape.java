package dev.quern;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;

/** The extents of a tensor, outermost first; immutable. A scalar has rank 0 and one element. */
public final class Shape {
  private final long[] dims;
  private final long elements;

  private Shape(long[] dims) {
    this.dims = dims;
    long product = 1;
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException(
            "Shape extents must be at least 0, got " + format(dims) + ".");
      }
      if (Math.multiplyHigh(product, dim) != 0 || product * dim < 0) {
        throw new ArithmeticException(
            "A shape has less than 2^63 elements, but " + format(dims) + " has more.");
      }
      product *= dim;
    }
    this.elements = product;
  }

  /**
   * Makes a shape.
   *
   * @param dims the extents, outermost first, each at least 0; none for a scalar
   * @return the shape
   * @throws IllegalArgumentException if an extent is negative
   * @throws ArithmeticException if the number of elements exceeds a long
   */
  public static Shape of(long... dims) {
    return new Shape(dims.clone());
  }

  /**
   * Returns the number of axes.
   *
   * @return the number of axes
   */
  public int rank() {
    return dims.length;
  }

  /**
   * Returns the extent of one axis.
   *
   * @param axis the axis, 0 is the outermost; negative counts from the innermost, -1
   * @return the extent of that axis
   * @throws IndexOutOfBoundsException if there is no such axis
   */
  public long dim(int axis) {
    return dims[index(axis)];
  }

  /**
   * Counts an axis from the outermost.
   *
   * @param axis the axis; negative counts from the innermost, -1
   * @return its index, from 0
   * @throws IndexOutOfBoundsException if there is no such axis
   */
  public int index(int axis) {
    int index = axis < 0 ? axis + dims.length : axis;
    if (index < 0 || index >= dims.length) {
      throw new IndexOutOfBoundsException(
          "Axis " + axis + " does not exist in shape " + this + ".");
    }
    return index;
  }

  /**
   * Returns the number of elements, the product of all extents.
   *
   * @return the number of elements
   */
  public long elements() {
    return elements;
  }

  /**
   * Returns the number of elements of one entry of the axes before another.
   *
   * @param axis the first axis counted, from 0 on; the rank for none
   * @return the product of the extents of this axis and those after it
   * @throws IndexOutOfBoundsException if the axis is neither there nor the rank
   */
  public long elementsFrom(int axis) {
    Objects.checkIndex(axis, dims.length + 1);
    long product = 1;
    for (int i = axis; i < dims.length; i++) {
      product *= dims[i];
    }
    return product;
  }

  /**
   * Leaves an axis out: (2, 3, 5) without axis 1 is (2, 5).
   *
   * @param axis the axis, 0 is the outermost; negative counts from the innermost, -1
   * @return the shape of the other axes
   * @throws IndexOutOfBoundsException if there is no such axis
   */
  public Shape without(int axis) {
    int index = index(axis);
    long[] rest = new long[dims.length - 1];
    System.arraycopy(dims, 0, rest, 0, index);
    System.arraycopy(dims, index + 1, rest, index, rest.length - index);
    return new Shape(rest);
  }

  /**
   * Gives one axis another extent: (2, 3, 5) with 7 on axis 1 is (2, 7, 5).
   *
   * @param axis the axis, 0 is the outermost; negative counts from the innermost, -1
   * @param extent at least 0
   * @return a shape that differs in this
   * @throws IndexOutOfBoundsException if there is no such axis
   * @throws IllegalArgumentException if the extent is negative
   * @throws ArithmeticException if the number of elements exceeds a long
   */
  public Shape with(int axis, long extent) {
    long[] changed = dims.clone();
    changed[index(axis)] = extent;
    return new Shape(changed);
  }

  /**
   * Tells whether shapes are equal but for an axis of one channel: (N, 1, H, W) and (N, H, W).
   *
   * @param other a shape
   * @return whether they are equal, or one has an axis 1 of extent 1 that the other lacks
   */
  public boolean equalsButForChannel(Shape other) {
    return equals(other) || hasChannelBeside(other) || other.hasChannelBeside(this);
  }

  private boolean hasChannelBeside(Shape other) {
    int rank = dims.length;
    return rank >= 2
        && other.dims.length == rank - 1
        && dims[1] == 1
        && dims[0] == other.dims[0]
        && Arrays.equals(dims, 2, rank, other.dims, 1, rank - 1);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** Returns the extents as in {@code (2, 1, 256, 256)}. */
  @Override
  public String toString() {
    return format(dims);
  }

  private static String format(long[] dims) {
    return Arrays.stream(dims).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", ")"));
  }
}
