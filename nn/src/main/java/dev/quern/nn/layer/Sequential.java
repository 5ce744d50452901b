package dev.quern.nn.layer;

import dev.quern.Tensor;
import java.util.List;
import java.util.function.BiFunction;

/** Layers one after the other; what lies between them is closed as soon as the next has read it. */
public final class Sequential implements Layer {
  private final List<Layer> layers;

  /**
   * Puts layers together.
   *
   * @param layers at least one, the first first
   */
  public Sequential(Layer... layers) {
    if (layers.length == 0) {
      throw new IllegalArgumentException("A sequence needs at least one layer.");
    }
    this.layers = List.of(layers);
  }

  @Override
  public Tensor forward(Tensor x) {
    return run(x, Layer::forward);
  }

  @Override
  public Tensor predict(Tensor x) {
    return run(x, Layer::predict);
  }

  private Tensor run(Tensor x, BiFunction<Layer, Tensor, Tensor> call) {
    Tensor y = call.apply(layers.getFirst(), x);
    for (Layer layer : layers.subList(1, layers.size())) {
      try (Tensor before = y) {
        y = call.apply(layer, before);
      }
    }
    return y;
  }
}
