package dev.quern.op.shape;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.op.Operation;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import java.util.List;

/**
 * The same elements with another shape. The input is CONTIGUOUS, of any dtype; the result is a view
 * of it, unless it is given.
 *
 * @param shape the shape, with as many elements
 */
public record Reshape(Shape shape) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    if (shape.elements() != x.shape().elements()) {
      throw new IllegalArgumentException(
          "Shape %s of %d elements cannot become %s of %d elements."
              .formatted(x.shape(), x.shape().elements(), shape, shape.elements()));
    }
    if (x.format() != MemoryFormat.CONTIGUOUS) {
      throw new IllegalArgumentException(
          "A view of another shape needs CONTIGUOUS memory, but the tensor is %s; convert it with contiguous()."
              .formatted(x));
    }
    return List.of(new TensorType(x.dtype(), shape));
  }
}
