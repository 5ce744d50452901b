package dev.quern.nn.layer;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.op.spatial.Convolution;
import java.util.List;

/** A convolution with constant weights and bias, for prediction alone. */
public final class FoldedConvolution implements Layer, AutoCloseable {
  private final Convolution operation;
  private final List<Tensor> constants;

  private FoldedConvolution(Convolution operation, List<Tensor> constants) {
    this.operation = operation;
    this.constants = constants;
  }

  /** The weights as they are now, times a factor for each output channel. */
  static FoldedConvolution of(Convolution2d layer, double[] factor, float[] bias, boolean relu) {
    Engine engine = layer.weight().engine();
    float[] weights = layer.weight().toFloatArray();
    int each = weights.length / factor.length;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) (weights[i] * factor[i / each]);
    }
    Convolution plain = layer.operation();
    var operation = new Convolution(plain.vertical(), plain.horizontal(), plain.groups(), relu);
    return engine.scoped(() -> {
      Tensor weight = engine.empty(layer.weight().type());
      weight.copyFrom(weights);
      Tensor added = engine.tensor(bias, bias.length);
      return new FoldedConvolution(operation, List.of(weight.detach(), added.detach()));
    });
  }

  @Override
  public Tensor forward(Tensor x) {
    return Images.withChannelsLast(
        x,
        images ->
            images
                .engine()
                .apply(operation, List.of(images, constants.get(0), constants.get(1)))
                .getFirst());
  }

  /** Frees the constants. */
  @Override
  public void close() {
    constants.forEach(Tensor::close);
  }
}
