package dev.quern.op.spatial;

import dev.quern.Shape;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.Window;
import java.util.List;

/**
 * The mean of every window of an image, channel by channel, as {@code
 * torch.nn.functional.avg_pool2d} has it: padding counts as zeros. The input is F32 or F64, (N, C,
 * H, W), CHANNELS_LAST; the result is like it, of fewer rows and columns.
 *
 * @param vertical the window along the rows' axis
 * @param horizontal the window within a row
 */
public record AveragePool(Window vertical, Window horizontal) implements SpatialOperation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    return List.of(Images.type(x, spec(inputs).result(Images.require("average pooling", x))));
  }

  @Override
  public AveragePoolingSpec spec(List<TensorType> inputs) {
    return new AveragePoolingSpec(vertical, horizontal);
  }

  /**
   * The gradient of {@link AveragePool}. Input: the gradient of the result.
   *
   * @param pooling the pooling
   * @param images the shape of its input
   */
  public record Gradient(AveragePool pooling, Shape images) implements SpatialOperation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      TensorType gradient = Require.single(this, inputs);
      Images.require("average pooling", gradient);
      TensorType x = Images.type(gradient, Images.extent(images));
      TensorType result = pooling.outputs(List.of(x)).getFirst();
      Require.equal("The gradient of average pooling", "a gradient", gradient, result);
      return List.of(x);
    }

    @Override
    public AveragePoolingSpec spec(List<TensorType> inputs) {
      return pooling.spec(inputs);
    }
  }
}
