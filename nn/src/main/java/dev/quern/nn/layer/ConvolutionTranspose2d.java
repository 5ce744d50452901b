package dev.quern.nn.layer;

import dev.quern.Tensor;
import dev.quern.op.spatial.ConvolutionTranspose;
import dev.quern.spi.spatial.Window;
import java.util.List;
import java.util.function.Supplier;

/**
 * A transposed convolution with learnt weights, as {@code torch.nn.ConvTranspose2d}: parameters
 * {@code weight} (inputs, outputs, kernel, kernel), drawn evenly for a ReLU behind it, and {@code
 * bias} (outputs), which begins with 0.
 */
public final class ConvolutionTranspose2d implements Layer {
  private final ConvolutionTranspose operation;
  private final Supplier<Tensor> weight;
  private final Supplier<Tensor> bias;

  /**
   * Makes the layer.
   *
   * @param parameters takes its own
   * @param inputs channels of the operand
   * @param outputs channels of the result
   * @param window kernel, stride, padding and dilation along both axes
   * @param outputPadding rows and columns added at the result's end, below the stride
   */
  public ConvolutionTranspose2d(
      Parameters parameters, int inputs, int outputs, Window window, int outputPadding) {
    this.operation = new ConvolutionTranspose(window, window, outputPadding, outputPadding, 1);
    int kernel = window.kernel();
    double bound = Kaiming.relu((long) inputs * kernel * kernel);
    this.weight = parameters.uniform("weight", bound, inputs, outputs, kernel, kernel);
    this.bias = parameters.constant("bias", 0, outputs);
  }

  /**
   * Convolves.
   *
   * @param x F32 (N, inputs, H, W), of any format
   * @return (N, outputs, height, width), CHANNELS_LAST
   */
  @Override
  public Tensor forward(Tensor x) {
    return Images.withChannelsLast(
        x,
        images -> {
          try (Tensor product =
              images.engine().apply(operation, List.of(images, weight.get())).getFirst()) {
            return product.addBroadcast(bias.get(), 1);
          }
        });
  }
}
