package dev.quern.op.spatial;

import dev.quern.Shape;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.util.List;

/**
 * A convolution of images, as {@code torch.nn.functional.conv2d} has it: the weights are not
 * flipped. Inputs: images (N, C, H, W), CHANNELS_LAST; weights (K, C / groups, rows, columns),
 * CONTIGUOUS; and, if wanted, a bias (K); all F32 or all F64. The result is (N, K, height, width),
 * CHANNELS_LAST.
 *
 * @param vertical the window along the rows' axis
 * @param horizontal the window within a row
 * @param groups how many parts the channels have; outputs of a part see inputs of that part only
 * @param relu whether the result is the greater of 0 and what the convolution gives
 */
public record Convolution(Window vertical, Window horizontal, int groups, boolean relu)
    implements SpatialOperation {
  private static final String NAME = "convolution";

  /**
   * Makes a convolution with square windows and without ReLU.
   *
   * @param window both windows
   * @param groups how many parts the channels have
   */
  public Convolution(Window window, int groups) {
    this(window, window, groups, false);
  }

  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    if (inputs.size() < 2 || inputs.size() > 3) {
      throw new IllegalArgumentException(
          "A convolution takes images, weights and perhaps a bias, got %d tensors."
              .formatted(inputs.size()));
    }
    TensorType x = inputs.get(0);
    TensorType weight = inputs.get(1);
    SpatialExtent extent = Images.require(NAME, x);
    requireWeight(
        weight, x, weight.shape().rank() == 4 ? weight.shape().dim(0) : 0, x.shape().dim(1));
    if (inputs.size() == 3) {
      Images.requireVector(NAME, "a bias", inputs.get(2), x, weight.shape().dim(0));
    }
    return List.of(Images.type(x, spec(weight.shape()).result(extent)));
  }

  @Override
  public ConvolutionSpec spec(List<TensorType> inputs) {
    return spec(inputs.get(1).shape());
  }

  private ConvolutionSpec spec(Shape weight) {
    return new ConvolutionSpec(
        vertical, horizontal, groups, weight.dim(1) * groups, weight.dim(0), relu);
  }

  /** The weights between so many channels. */
  private void requireWeight(TensorType weight, TensorType x, long outputs, long inputs) {
    Shape shape = weight.shape();
    boolean fits =
        shape.rank() == 4
            && shape.dim(0) == outputs
            && outputs > 0
            && outputs % groups == 0
            && shape.dim(1) * groups == inputs
            && shape.dim(2) == vertical.kernel()
            && shape.dim(3) == horizontal.kernel();
    if (!fits) {
      throw new IllegalArgumentException(
          "A convolution of %d channels in %d groups needs weights (%s, %s, %d, %d), got shape %s."
              .formatted(
                  inputs,
                  groups,
                  shape.rank() == 4 && shape.dim(0) != outputs ? "" + outputs : "K",
                  inputs % groups == 0 ? "" + inputs / groups : inputs + " / " + groups,
                  vertical.kernel(),
                  horizontal.kernel(),
                  shape));
    }
    Require.equal(NAME, "weights", weight, new TensorType(x.dtype(), shape));
  }

  /**
   * The gradient of a convolution's images. Inputs: the gradient of the result, without the part
   * that ReLU stopped, and the weights.
   *
   * @param convolution the convolution
   * @param images the shape of its images
   */
  public record InputGradient(Convolution convolution, Shape images) implements SpatialOperation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      Require.count(this, inputs, 2);
      TensorType gradient = inputs.get(0);
      TensorType weight = inputs.get(1);
      SpatialExtent extent = Images.require(NAME, gradient);
      convolution.requireWeight(weight, gradient, extent.channels(), images.dim(1));
      requireResult(spec(inputs), images, gradient);
      return List.of(Images.type(gradient, Images.extent(images)));
    }

    @Override
    public ConvolutionSpec spec(List<TensorType> inputs) {
      return convolution.spec(inputs.get(1).shape());
    }
  }

  /**
   * The gradient of a convolution's weights. Inputs: the images, and the gradient of the result,
   * without the part that ReLU stopped.
   *
   * @param convolution the convolution
   * @param weight the shape of its weights
   */
  public record WeightGradient(Convolution convolution, Shape weight) implements SpatialOperation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      Require.count(this, inputs, 2);
      TensorType x = inputs.get(0);
      TensorType gradient = inputs.get(1);
      SpatialExtent extent = Images.require(NAME, x);
      Images.require(NAME, gradient);
      var result = new TensorType(x.dtype(), weight);
      convolution.requireWeight(result, x, gradient.shape().dim(1), extent.channels());
      requireResult(spec(inputs), x.shape(), gradient);
      return List.of(result);
    }

    @Override
    public ConvolutionSpec spec(List<TensorType> inputs) {
      return convolution.spec(weight);
    }
  }

  private static void requireResult(ConvolutionSpec spec, Shape images, TensorType gradient) {
    TensorType needed = Images.type(gradient, spec.result(Images.extent(images)));
    if (!gradient.equals(needed)) {
      // asked in every step: the sentence is made only to be said
      Require.equal("The gradient of a convolution of " + images, "a gradient", gradient, needed);
    }
  }
}
