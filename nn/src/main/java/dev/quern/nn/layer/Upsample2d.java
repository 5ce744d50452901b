package dev.quern.nn.layer;

import dev.quern.Tensor;
import dev.quern.op.spatial.Upsample;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import java.util.List;

/**
 * Larger images, as {@code torch.nn.Upsample} of a whole scale factor.
 *
 * @param interpolation between elements
 * @param scale how many rows and columns for each
 */
public record Upsample2d(Interpolation interpolation, int scale) implements Layer {
  /**
   * Upsamples.
   *
   * @param x F32 (N, C, H, W), of any format
   * @return more rows and columns, CHANNELS_LAST
   */
  @Override
  public Tensor forward(Tensor x) {
    return Images.withChannelsLast(
        x,
        images ->
            images
                .engine()
                .apply(new Upsample(interpolation, scale, scale), List.of(images))
                .getFirst());
  }
}
