package dev.quern.nn.unet;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.nn.layer.Layer;
import dev.quern.nn.layer.MaxPool2d;
import dev.quern.nn.layer.Upsample2d;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import dev.quern.spi.spatial.Window;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The way of images through a U-Net, whatever its layers are. What lies between layers is closed as
 * soon as the last has read it.
 *
 * @param channels of the images
 * @param down the layers of each level, from the top
 * @param up the layers that end on each level but the lowest, from the top
 * @param head makes logits
 */
record UNetPath(long channels, List<Layer> down, List<Layer> up, Layer head) implements Layer {
  private static final Layer POOL = new MaxPool2d(Window.of(2));
  private static final Layer UPSAMPLE = new Upsample2d(Interpolation.BILINEAR, 2);

  @Override
  public Tensor forward(Tensor x) {
    return run(x, Layer::forward);
  }

  @Override
  public Tensor predict(Tensor x) {
    return run(x, Layer::predict);
  }

  private Tensor run(Tensor x, BiFunction<Layer, Tensor, Tensor> call) {
    requireImages(x.shape());
    Deque<Tensor> skips = new ArrayDeque<>();
    return x.engine()
        .scoped(() -> {
          Tensor y = call.apply(down.getFirst(), x);
          for (Layer level : down.subList(1, down.size())) {
            skips.push(y);
            try (Tensor pooled = POOL.forward(y)) {
              y = call.apply(level, pooled);
            }
          }
          for (Layer level : up.reversed()) {
            try (Tensor both = joined(skips.pop(), y)) {
              y = call.apply(level, both);
            }
          }
          try (Tensor last = y) {
            Tensor logits = call.apply(head, last);
            return logits.type().is(MemoryFormat.CONTIGUOUS) ? logits : logits.contiguous();
          }
        });
  }

  private static Tensor joined(Tensor skip, Tensor below) {
    try (skip;
        Tensor larger = upsampled(below)) {
      return skip.concat(1, larger);
    }
  }

  private static Tensor upsampled(Tensor below) {
    try (below) {
      return UPSAMPLE.forward(below);
    }
  }

  /** Rows and columns that one of the lowest level stands for. */
  int multiple() {
    return 1 << (down.size() - 1);
  }

  private void requireImages(Shape shape) {
    int multiple = multiple();
    boolean fits =
        shape.rank() == 4
            && shape.dim(1) == channels
            && shape.dim(2) % multiple == 0
            && shape.dim(3) % multiple == 0;
    if (!fits) {
      throw new IllegalArgumentException(
          "This U-Net of %d levels needs images (N, %d, H, W) with H and W multiples of %d, got shape %s; pad or crop them, or make a U-Net of as many channels."
              .formatted(down.size(), channels, multiple, shape));
    }
  }
}
