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

  /**
   * The gradient of {@link Unary}: the gradient of the result times the derivative. Inputs: that
   * gradient and the operand of the function, of one type; the result has it too.
   *
   * @param function the function
   */
  public record Gradient(UnaryOp function) implements Operation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      Require.count(this, inputs, 2);
      Require.floatingPoint(function.name().toLowerCase(Locale.ROOT), inputs.get(0));
      Require.equal("The gradient of " + function, "an operand", inputs.get(1), inputs.get(0));
      return List.of(inputs.get(0));
    }
  }
}
