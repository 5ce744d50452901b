package dev.quern.op.spatial;

import dev.quern.Shape;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.util.List;

/**
 * A transposed convolution, as {@code torch.nn.functional.conv_transpose2d} has it: the gradient of
 * the images of a convolution, run forward. Inputs: images (N, C, H, W), CHANNELS_LAST, and weights
 * (C, K / groups, rows, columns), CONTIGUOUS, both F32 or both F64. The result is (N, K, height,
 * width), CHANNELS_LAST, with height = (H - 1) * stride - 2 * padding + dilation * (rows - 1) +
 * output padding + 1.
 *
 * @param vertical the window along the rows' axis
 * @param horizontal the window within a row
 * @param outputPaddingY rows added at the end of the result, below the stride
 * @param outputPaddingX columns added at the end of the result, below the stride
 * @param groups how many parts the channels have
 */
public record ConvolutionTranspose(
    Window vertical, Window horizontal, int outputPaddingY, int outputPaddingX, int groups)
    implements SpatialOperation {
  private static final String NAME = "transposed convolution";

  /**
   * Checks the output padding.
   *
   * @throws IllegalArgumentException if it is below 0 or not below the stride
   */
  public ConvolutionTranspose {
    if (outputPaddingY < 0
        || outputPaddingX < 0
        || outputPaddingY >= vertical.stride()
        || outputPaddingX >= horizontal.stride()) {
      throw new IllegalArgumentException(
          "The output padding of a transposed convolution lies from 0 to below the stride, %d and %d, but is %d and %d."
              .formatted(vertical.stride(), horizontal.stride(), outputPaddingY, outputPaddingX));
    }
  }

  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    Require.count(this, inputs, 2);
    TensorType x = inputs.get(0);
    TensorType weight = inputs.get(1);
    SpatialExtent extent = Images.require(NAME, x);
    Shape shape = weight.shape();
    boolean fits =
        shape.rank() == 4
            && shape.dim(0) == extent.channels()
            && extent.channels() % groups == 0
            && shape.dim(1) > 0
            && shape.dim(2) == vertical.kernel()
            && shape.dim(3) == horizontal.kernel();
    if (!fits) {
      throw new IllegalArgumentException(
          "A transposed convolution of %d channels in %d groups needs weights (%d, K / %d, %d, %d), got shape %s."
              .formatted(
                  extent.channels(),
                  groups,
                  extent.channels(),
                  groups,
                  vertical.kernel(),
                  horizontal.kernel(),
                  shape));
    }
    Require.equal(NAME, "weights", weight, new TensorType(x.dtype(), shape));
    long height = length(vertical, outputPaddingY, extent.height());
    long width = length(horizontal, outputPaddingX, extent.width());
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "A transposed convolution of images of %d x %d would make images of %d x %d."
              .formatted(extent.height(), extent.width(), height, width));
    }
    long channels = shape.dim(1) * groups;
    return List.of(Images.type(x, new SpatialExtent(extent.images(), height, width, channels)));
  }

  private static long length(Window window, int outputPadding, long extent) {
    return (extent - 1) * window.stride() - 2L * window.padding() + window.reach() + outputPadding;
  }

  /**
   * Returns the convolution whose images' gradient this is.
   *
   * @return from the result's channels to those of the images
   */
  public Convolution convolution() {
    return new Convolution(vertical, horizontal, groups, false);
  }

  @Override
  public ConvolutionSpec spec(List<TensorType> inputs) {
    return convolution().spec(inputs);
  }
}
