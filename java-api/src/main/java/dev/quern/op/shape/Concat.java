package dev.quern.op.shape;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.op.Operation;
import dev.quern.op.TensorType;
import java.util.List;

/**
 * Tensors joined along an axis, in the order given. At least one input, of any dtype and format,
 * all alike but for the axis; the result is like them.
 *
 * @param axis the axis; negative counts from the innermost, -1
 */
public record Concat(int axis) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("concat needs at least one tensor.");
    }
    TensorType first = inputs.getFirst();
    MemoryFormat format = formatted(inputs).format();
    long extent = 0;
    for (TensorType x : inputs) {
      // types that lie alike in both formats may stand beside any
      boolean alike =
          x.dtype() == first.dtype()
              && x.shape().rank() == first.shape().rank()
              && x.shape().with(axis, 0).equals(first.shape().with(axis, 0));
      if (!alike || !x.is(format)) {
        throw new IllegalArgumentException(
            "concat along axis %d of %s and %s: dtype, memory format and all other extents must be equal%s."
                .formatted(
                    axis,
                    first,
                    x,
                    alike ? "; convert one with contiguous() or channelsLast()" : ""));
      }
      extent = Math.addExact(extent, x.shape().dim(axis));
    }
    return List.of(new TensorType(first.dtype(), first.shape().with(axis, extent), format));
  }

  /**
   * Counts the rows: the places of the axes outside, in each of which the parts lie one behind the
   * other.
   *
   * @param inputs the operands' types, which fit
   * @return their number
   */
  public long rows(List<TensorType> inputs) {
    TensorType like = formatted(inputs);
    Shape shape = like.shape();
    long rows = 1;
    for (int each : like.memoryOrder()) {
      if (each == shape.index(axis)) {
        return rows;
      }
      rows *= shape.dim(each);
    }
    throw new IllegalStateException("The axis is none of the shape's.");
  }

  /** An input that has the result's format. */
  private static TensorType formatted(List<TensorType> inputs) {
    return inputs.stream()
        .filter(type -> type.format() == MemoryFormat.CHANNELS_LAST)
        .findFirst()
        .orElse(inputs.getFirst());
  }
}
