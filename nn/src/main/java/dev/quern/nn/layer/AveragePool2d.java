package dev.quern.nn.layer;

import dev.quern.Tensor;
import dev.quern.op.spatial.AveragePool;
import dev.quern.spi.spatial.Window;
import java.util.List;

/**
 * The means of windows, as {@code torch.nn.AvgPool2d}; padding counts as zeros.
 *
 * @param window along both axes
 */
public record AveragePool2d(Window window) implements Layer {
  /**
   * Pools.
   *
   * @param x F32 (N, C, H, W), of any format
   * @return fewer rows and columns, CHANNELS_LAST
   */
  @Override
  public Tensor forward(Tensor x) {
    return Images.withChannelsLast(
        x,
        images ->
            images.engine().apply(new AveragePool(window, window), List.of(images)).getFirst());
  }
}
