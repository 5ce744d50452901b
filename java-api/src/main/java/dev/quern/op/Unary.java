package dev.quern.op;

import dev.quern.spi.tensor.UnaryOp;
import java.util.List;
import java.util.Locale;

/**
 * An elementwise function of a tensor, F32 or F64; the result has its type.
 *
 * @param function the function
 */
public record Unary(UnaryOp function) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Require.floatingPoint(function.name().toLowerCase(Locale.ROOT), x);
    return List.of(x);
  }
}
