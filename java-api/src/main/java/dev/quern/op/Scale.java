package dev.quern.op;

import java.util.List;

/**
 * A tensor, F32 or F64, times a number; the result has its type.
 *
 * @param factor the number
 */
public record Scale(float factor) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Require.floatingPoint("scale", x);
    return List.of(x);
  }
}
