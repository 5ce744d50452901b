package dev.quern.nn.layer;

import dev.quern.Tensor;
import dev.quern.op.spatial.Convolution;
import dev.quern.spi.spatial.Window;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A convolution with learnt weights, as {@code torch.nn.Conv2d}: parameters {@code weight}
 * (outputs, inputs / groups, kernel, kernel), drawn evenly for a ReLU behind it (He et al. 2015),
 * and, if wanted, {@code bias} (outputs), which begins with 0.
 */
public final class Convolution2d implements Layer {
  private final Convolution operation;
  private final Supplier<Tensor> weight;
  private final @Nullable Supplier<Tensor> bias;

  /**
   * Makes the layer.
   *
   * @param parameters takes its own
   * @param inputs channels of the operand
   * @param outputs channels of the result
   * @param window kernel, stride, padding and dilation along both axes
   * @param groups how many parts the channels have; both numbers are multiples of it
   * @param hasBias whether a bias is added
   */
  public Convolution2d(
      Parameters parameters, int inputs, int outputs, Window window, int groups, boolean hasBias) {
    this.operation = new Convolution(window, groups);
    int kernel = window.kernel();
    int fan = inputs / groups;
    double bound = Kaiming.relu((long) fan * kernel * kernel);
    this.weight = parameters.uniform("weight", bound, outputs, fan, kernel, kernel);
    this.bias = hasBias ? parameters.constant("bias", 0, outputs) : null;
  }

  /**
   * Makes a convolution that keeps the images' size: stride 1, padding kernel / 2.
   *
   * @param parameters takes its own
   * @param inputs channels of the operand
   * @param outputs channels of the result
   * @param kernel odd
   * @param hasBias whether a bias is added
   * @return the layer
   */
  public static Convolution2d same(
      Parameters parameters, int inputs, int outputs, int kernel, boolean hasBias) {
    Window window = new Window(kernel, 1, kernel / 2, 1);
    return new Convolution2d(parameters, inputs, outputs, window, 1, hasBias);
  }

  /**
   * Convolves.
   *
   * @param x F32 (N, inputs, H, W), of any format
   * @return (N, outputs, height, width), CHANNELS_LAST
   */
  @Override
  public Tensor forward(Tensor x) {
    Supplier<Tensor> added = bias;
    return Images.withChannelsLast(
        x,
        images ->
            images
                .engine()
                .apply(
                    operation,
                    added == null
                        ? List.of(images, weight.get())
                        : List.of(images, weight.get(), added.get()))
                .getFirst());
  }

  /**
   * Returns the weights.
   *
   * @return the parameter {@code weight}
   */
  public Tensor weight() {
    return weight.get();
  }

  /**
   * Makes a copy of the layer as it is now, for prediction.
   *
   * @return owns tensors of its own
   */
  public FoldedConvolution folded() {
    int outputs = Math.toIntExact(weight().shape().dim(0));
    double[] factor = new double[outputs];
    Arrays.fill(factor, 1);
    float[] added = bias == null ? new float[outputs] : bias.get().toFloatArray();
    return FoldedConvolution.of(this, factor, added, false);
  }

  /**
   * Returns the operation.
   *
   * @return windows and groups
   */
  public Convolution operation() {
    return operation;
  }
}
