package dev.quern.nn.layer;

import dev.quern.Tensor;
import java.util.function.Supplier;

/**
 * A product with learnt weights plus a learnt bias, as {@code torch.nn.Linear}: parameters {@code
 * weight} (outputs, inputs) and {@code bias} (outputs), drawn evenly up to 1 / sqrt(inputs).
 */
public final class Linear implements Layer {
  private final Supplier<Tensor> weight;
  private final Supplier<Tensor> bias;

  /**
   * Makes the layer.
   *
   * @param parameters takes its own
   * @param inputs features of the operand
   * @param outputs features of the result
   */
  public Linear(Parameters parameters, int inputs, int outputs) {
    this.weight = parameters.uniform("weight", Kaiming.torch(inputs), outputs, inputs);
    this.bias = parameters.uniform("bias", Kaiming.torch(inputs), outputs);
  }

  /**
   * Multiplies.
   *
   * @param x F32 (rows, inputs)
   * @return (rows, outputs)
   */
  @Override
  public Tensor forward(Tensor x) {
    try (Tensor product = x.matmul(weight.get(), false, true)) {
      return product.addBroadcast(bias.get(), 1);
    }
  }
}
