package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.optim.Optimizer;
import dev.quern.train.features.ChannelRange;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.Standardization;
import java.util.List;

/**
 * A linear layer on the standardised features of a pixel: {@code logit = features * weight + bias}.
 * Weight and bias start at zero, so nothing about the model is drawn by chance.
 */
final class PixelModel implements AutoCloseable {

  static final String WEIGHT = "linear.weight";
  static final String BIAS = "linear.bias";

  private final FeatureExtractor extractor;
  private final Standardization standardization;
  private final ParameterStore parameters;

  PixelModel(
      Engine engine,
      List<ChannelRange> ranges,
      Standardization standardization,
      float[] weight,
      float[] bias) {
    this.extractor = new FeatureExtractor(ranges).standardised(standardization);
    this.standardization = standardization;
    this.parameters =
        ParameterStore.builder(engine)
            .add(WEIGHT, weight, extractor.size(), 1)
            .add(BIAS, bias, 1)
            .build();
  }

  /** A model that has learnt nothing: every probability is one half. */
  static PixelModel untrained(
      Engine engine, List<ChannelRange> ranges, Standardization standardization) {
    float[] weight = new float[standardization.mean().length];
    return new PixelModel(engine, ranges, standardization, weight, new float[1]);
  }

  /** A model with the same features, whose parameters are set by {@link #average}. */
  PixelModel sibling(Engine engine) {
    return untrained(engine, extractor.ranges(), standardization);
  }

  /** Takes over the moving averages that an optimizer keeps of another model. */
  void average(Optimizer<?> optimizer) {
    for (String name : parameters.names()) {
      parameters.parameter(name).copyFrom(optimizer.ema(name));
    }
  }

  /** Gives the standardised features that {@link #logits} takes. */
  FeatureExtractor extractor() {
    return extractor;
  }

  Standardization standardization() {
    return standardization;
  }

  ParameterStore parameters() {
    return parameters;
  }

  /**
   * Computes logits.
   *
   * @param features F32, shape (pixels, features)
   * @return F32, shape (pixels, 1)
   */
  Tensor logits(Tensor features) {
    return features
        .matmul(parameters.parameter(WEIGHT))
        .addBroadcast(parameters.parameter(BIAS), 1);
  }

  /**
   * Leaves the gradients of weight and bias in the store.
   *
   * @param features as given to {@link #logits}
   * @param gradient of the loss with respect to the logits, shape (pixels, 1)
   */
  void backward(Tensor features, Tensor gradient) {
    parameters.gradient(WEIGHT).copyFrom(features.matmul(gradient, true, false));
    parameters.gradient(BIAS).copyFrom(gradient.sum());
  }

  @Override
  public void close() {
    parameters.close();
  }
}
