package dev.quern.op;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import java.util.List;

/**
 * A tensor plus a vector along one axis, the same for all other indices. Inputs: the tensor and the
 * vector, both F32 or both F64; the vector has rank 1 and is as long as the axis. The result has
 * the tensor's type.
 *
 * @param axis the axis; negative counts from the innermost, -1
 */
public record AddBroadcast(int axis) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    Require.count(this, inputs, 2);
    TensorType x = inputs.get(0);
    TensorType vector = inputs.get(1);
    Require.floatingPoint("addBroadcast", x);
    long extent = x.shape().dim(axis);
    if (!vector.shape().equals(Shape.of(extent))) {
      throw new IllegalArgumentException(
          "addBroadcast along axis %d of %s needs a vector of shape (%d), got %s."
              .formatted(axis, x.shape(), extent, vector.shape()));
    }
    if (vector.dtype() != x.dtype()) {
      throw new IllegalArgumentException(
          "addBroadcast to %s needs a vector of %s, got %s."
              .formatted(x, x.dtype(), vector.dtype()));
    }
    return List.of(x);
  }

  /**
   * Counts the elements that lie between two neighbours along the axis.
   *
   * @param x the tensor's type
   * @return their distance in memory, in elements
   */
  public long inner(TensorType x) {
    Shape shape = x.shape();
    int index = axis < 0 ? axis + shape.rank() : axis;
    boolean channelsLast = x.format() == MemoryFormat.CHANNELS_LAST;
    if (channelsLast && index == 1) {
      return 1;
    }
    long inner = shape.elementsFrom(index + 1);
    return channelsLast && index > 1 ? inner * shape.dim(1) : inner;
  }

  /**
   * The gradient of the vector: the gradient of the sum, summed over all other axes. The input is
   * F32 or F64, of any format; the result is a vector of its dtype.
   *
   * @param sum the operation
   */
  public record VectorGradient(AddBroadcast sum) implements Operation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      TensorType gradient = Require.single(this, inputs);
      Require.floatingPoint("addBroadcast", gradient);
      Shape vector = Shape.of(gradient.shape().dim(sum.axis));
      return List.of(new TensorType(gradient.dtype(), vector));
    }
  }
}
