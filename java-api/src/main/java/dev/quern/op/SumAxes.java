package dev.quern.op;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import java.util.List;

/**
 * Sums over neighbouring axes, which keep the extent 1. The input is F32 or F64, CONTIGUOUS, or
 * CHANNELS_LAST if the axes are 2 and 3, height and width; the result has its dtype.
 *
 * @param from the first axis summed over; negative counts from the innermost, -1
 * @param to the last axis summed over
 */
public record SumAxes(int from, int to) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Require.floatingPoint("sum", x);
    Shape shape = x.shape();
    int first = shape.index(from);
    int last = shape.index(to);
    if (last < first) {
      throw new IllegalArgumentException(
          "A sum over the axes %d to %d of %s: the second lies before the first."
              .formatted(from, to, shape));
    }
    if (x.format() == MemoryFormat.CHANNELS_LAST && (first != 2 || last != 3)) {
      throw new IllegalArgumentException(
          "A sum over the axes %d to %d needs CONTIGUOUS memory, but the tensor is %s; convert it with contiguous()."
              .formatted(from, to, x));
    }
    for (int axis = first; axis <= last; axis++) {
      shape = shape.with(axis, 1);
    }
    return List.of(new TensorType(x.dtype(), shape));
  }

  /**
   * Counts the elements that lie between two neighbours of a sum.
   *
   * @param x the tensor's type
   * @return the extent of the axes inside
   */
  public long inner(TensorType x) {
    Shape shape = x.shape();
    return x.format() == MemoryFormat.CHANNELS_LAST
        ? shape.dim(1)
        : shape.elementsFrom(shape.index(to) + 1);
  }

  /**
   * Counts the elements of a sum.
   *
   * @param x the tensor's type
   * @return the extents of the axes together
   */
  public long count(TensorType x) {
    long count = 1;
    for (int axis = x.shape().index(from); axis <= x.shape().index(to); axis++) {
      count *= x.shape().dim(axis);
    }
    return count;
  }

  /**
   * Counts the places of the axes outside.
   *
   * @param x the tensor's type
   * @return the extent of the axes outside
   */
  public long outer(TensorType x) {
    long outer = 1;
    for (int axis = 0; axis < x.shape().index(from); axis++) {
      outer *= x.shape().dim(axis);
    }
    return x.format() == MemoryFormat.CHANNELS_LAST ? x.shape().dim(0) : outer;
  }
}
