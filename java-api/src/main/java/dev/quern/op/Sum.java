package dev.quern.op;

import dev.quern.Shape;
import java.util.List;

/**
 * The sum of all elements of a tensor, F32 or F64, in the order in which they lie in memory; the
 * result has its dtype and shape (1).
 */
public record Sum() implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Require.floatingPoint("sum", x);
    return List.of(new TensorType(x.dtype(), Shape.of(1)));
  }
}
