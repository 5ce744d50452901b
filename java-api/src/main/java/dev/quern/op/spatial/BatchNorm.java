package dev.quern.op.spatial;

import dev.quern.Shape;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.SpatialExtent;
import java.util.List;

/**
 * Batch normalization of images, as Ioffe and Szegedy 2015 and {@code
 * torch.nn.functional.batch_norm} have it: (x - mean) / sqrt(variance + epsilon) * weight + bias,
 * for each channel. In training the statistics are those of the input, its variance that of the
 * population, and the inputs are images (N, C, H, W), CHANNELS_LAST, weight (C) and bias (C); else
 * mean (C) and variance (C) follow. All are F32 or all F64. The results are like the images, and
 * statistics (4, C): the mean, what its rounding left, the variance, 1 / sqrt(variance + epsilon).
 *
 * @param epsilon added to the variance
 * @param training whether the statistics are those of the input
 * @param relu whether the result is the greater of 0 and the normalized value
 */
public record BatchNorm(float epsilon, boolean training, boolean relu) implements SpatialOperation {
  private static final String NAME = "batch normalization";

  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    Require.count(this, inputs, training ? 3 : 5);
    TensorType x = inputs.get(0);
    SpatialExtent extent = Images.require(NAME, x);
    List<String> names = List.of("a weight", "a bias", "a mean", "a variance");
    for (int i = 1; i < inputs.size(); i++) {
      Images.requireVector(NAME, names.get(i - 1), inputs.get(i), x, extent.channels());
    }
    if (training && extent.images() * extent.height() * extent.width() == 1) {
      throw new IllegalArgumentException(
          "Batch normalization in training needs more than one value a channel, got images of shape %s."
              .formatted(x.shape()));
    }
    return List.of(x, statistics(x));
  }

  private static TensorType statistics(TensorType x) {
    return new TensorType(x.dtype(), Shape.of(4, x.shape().dim(1)));
  }

  @Override
  public BatchNormSpec spec(List<TensorType> inputs) {
    return new BatchNormSpec(epsilon, training, relu);
  }

  /**
   * The gradients of {@link BatchNorm}. Inputs: the gradient of the result, the images, the
   * statistics, weight and bias; the results are the gradients of images, weight and bias. In
   * training the gradient goes through the statistics too.
   *
   * @param normalization the normalization
   */
  public record Gradient(BatchNorm normalization) implements SpatialOperation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      Require.count(this, inputs, 5);
      TensorType x = inputs.get(1);
      SpatialExtent extent = Images.require(NAME, x);
      Require.equal(NAME, "a gradient", inputs.get(0), x);
      Require.equal(NAME, "statistics", inputs.get(2), statistics(x));
      Images.requireVector(NAME, "a weight", inputs.get(3), x, extent.channels());
      Images.requireVector(NAME, "a bias", inputs.get(4), x, extent.channels());
      return List.of(x, inputs.get(3), inputs.get(4));
    }

    @Override
    public BatchNormSpec spec(List<TensorType> inputs) {
      return normalization.spec(inputs);
    }
  }
}
