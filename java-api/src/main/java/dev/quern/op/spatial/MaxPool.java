package dev.quern.op.spatial;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.spatial.MaxPoolingSpec;
import dev.quern.spi.spatial.Window;
import java.util.List;

/**
 * The greatest element of every window of an image, channel by channel, as {@code
 * torch.nn.functional.max_pool2d} has it. The input is F32 or F64, (N, C, H, W), CHANNELS_LAST; the
 * results are like it, of fewer rows and columns, and I32 where in its plane each element was, row
 * * W + column.
 *
 * @param vertical the window along the rows' axis
 * @param horizontal the window within a row
 */
public record MaxPool(Window vertical, Window horizontal) implements SpatialOperation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    TensorType result = Images.type(x, spec(inputs).result(Images.require("max pooling", x)));
    return List.of(result, result.as(DType.I32));
  }

  @Override
  public MaxPoolingSpec spec(List<TensorType> inputs) {
    return new MaxPoolingSpec(vertical, horizontal);
  }

  /**
   * The gradient of {@link MaxPool}: each gradient goes where its element was. Inputs: the gradient
   * of the elements, and their places.
   *
   * @param pooling the pooling
   * @param images the shape of its input
   */
  public record Gradient(MaxPool pooling, Shape images) implements SpatialOperation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      Require.count(this, inputs, 2);
      TensorType gradient = inputs.get(0);
      Images.require("max pooling", gradient);
      TensorType x = Images.type(gradient, Images.extent(images));
      List<TensorType> results = pooling.outputs(List.of(x));
      Require.equal("The gradient of max pooling", "a gradient", gradient, results.get(0));
      Require.equal("The gradient of max pooling", "places", inputs.get(1), results.get(1));
      return List.of(x);
    }

    @Override
    public MaxPoolingSpec spec(List<TensorType> inputs) {
      return pooling.spec(inputs);
    }
  }
}
