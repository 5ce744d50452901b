package dev.quern.op.spatial;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.spatial.BatchNormSpec;
import java.util.List;

/**
 * Running statistics moved towards those of a batch: running = (1 - momentum) * running + momentum
 * * batch, with the variance of the sample, and the count of batches plus one. Inputs: statistics
 * (4, C) as {@link BatchNorm} gives them, F32; the running mean (C) and variance (C), F32; and the
 * count, I64, of one element. The results are the new mean, variance and count; each may be written
 * over its input.
 *
 * @param momentum the weight of the batch
 * @param pixels values a channel in the batch
 */
public record TrackStatistics(float momentum, long pixels) implements SpatialOperation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    Require.count(this, inputs, 4);
    TensorType mean = inputs.get(1);
    long channels = mean.shape().elements();
    String name = "tracking statistics";
    Require.equal(name, "a mean", mean, new TensorType(DType.F32, Shape.of(channels)));
    Require.equal(name, "a variance", inputs.get(2), mean);
    Require.equal(
        name, "statistics", inputs.get(0), new TensorType(DType.F32, Shape.of(4, channels)));
    TensorType count = inputs.get(3);
    if (count.dtype() != DType.I64 || count.shape().elements() != 1) {
      throw new IllegalArgumentException(
          "tracking statistics needs an I64 count of one element, got %s.".formatted(count));
    }
    return List.of(mean, mean, count);
  }

  @Override
  public BatchNormSpec spec(List<TensorType> inputs) {
    return new BatchNormSpec(0, true, false);
  }
}
