package dev.quern.nn.layer;

import dev.quern.Tensor;
import dev.quern.op.spatial.MaxPool;
import dev.quern.spi.spatial.Window;
import java.util.List;

/**
 * The greatest elements of windows, as {@code torch.nn.MaxPool2d}.
 *
 * @param window along both axes
 */
public record MaxPool2d(Window window) implements Layer {
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
        images -> {
          List<Tensor> results =
              images.engine().apply(new MaxPool(window, window), List.of(images));
          results.get(1).close();
          return results.getFirst();
        });
  }
}
