package dev.quern.op.spatial;

import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.UpsamplingSpec;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import java.util.List;

/**
 * Images of several times the size, as {@code torch.nn.functional.interpolate} has them. The input
 * is F32 or F64, (N, C, H, W), CHANNELS_LAST; the result is like it, of more rows and columns.
 *
 * @param interpolation between elements
 * @param vertical rows of the result for each of the input, at least 1
 * @param horizontal columns of the result for each of the input, at least 1
 */
public record Upsample(Interpolation interpolation, int vertical, int horizontal)
    implements SpatialOperation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    return List.of(Images.type(x, spec(inputs).result(Images.require("upsampling", x))));
  }

  @Override
  public UpsamplingSpec spec(List<TensorType> inputs) {
    return new UpsamplingSpec(interpolation, vertical, horizontal);
  }

  /**
   * The gradient of {@link Upsample}. Input: the gradient of the result.
   *
   * @param upsampling the upsampling
   */
  public record Gradient(Upsample upsampling) implements SpatialOperation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      TensorType gradient = Require.single(this, inputs);
      SpatialExtent extent = Images.require("upsampling", gradient);
      if (extent.height() % upsampling.vertical != 0
          || extent.width() % upsampling.horizontal != 0) {
        throw new IllegalArgumentException(
            "The gradient of upsampling by %d x %d has multiples of them as rows and columns, got shape %s."
                .formatted(upsampling.vertical, upsampling.horizontal, gradient.shape()));
      }
      return List.of(
          Images.type(
              gradient,
              new SpatialExtent(
                  extent.images(),
                  extent.height() / upsampling.vertical,
                  extent.width() / upsampling.horizontal,
                  extent.channels())));
    }

    @Override
    public UpsamplingSpec spec(List<TensorType> inputs) {
      return upsampling.spec(inputs);
    }
  }
}
