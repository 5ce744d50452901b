package dev.quern.nn.layer;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.op.spatial.BatchNorm;
import dev.quern.op.spatial.TrackStatistics;
import java.util.List;
import java.util.function.Supplier;

/**
 * Batch normalization with learnt weight and bias, as {@code torch.nn.BatchNorm2d}: parameters
 * {@code weight} (1 at first) and {@code bias} (0), buffers {@code running_mean} (0), {@code
 * running_var} (1) and {@code num_batches_tracked}. Training normalizes by the batch and moves the
 * running statistics by a tenth, prediction normalizes by those.
 */
public final class BatchNorm2d implements Layer {
  /** Added to a variance before its root is taken. */
  public static final float EPSILON = 1e-5f;

  private static final float MOMENTUM = 0.1f;

  private final Supplier<Tensor> weight;
  private final Supplier<Tensor> bias;
  private final Supplier<Tensor> runningMean;
  private final Supplier<Tensor> runningVariance;
  private final Supplier<Tensor> batches;
  private final BatchNorm training;
  private final BatchNorm inference;

  /**
   * Makes the layer.
   *
   * @param parameters takes its own
   * @param channels of the operand
   * @param relu whether the result is the greater of 0 and the normalized value
   */
  public BatchNorm2d(Parameters parameters, int channels, boolean relu) {
    this.weight = parameters.constant("weight", 1, channels);
    this.bias = parameters.constant("bias", 0, channels);
    this.runningMean = parameters.buffer("running_mean", 0, channels);
    this.runningVariance = parameters.buffer("running_var", 1, channels);
    this.batches = parameters.counter("num_batches_tracked");
    this.training = new BatchNorm(EPSILON, true, relu);
    this.inference = new BatchNorm(EPSILON, false, relu);
  }

  /**
   * Normalizes by the statistics of the batch.
   *
   * @param x F32 (N, channels, H, W), of any format, with more than one value a channel
   * @return of its shape, CHANNELS_LAST
   */
  @Override
  public Tensor forward(Tensor x) {
    return Images.withChannelsLast(
        x,
        images -> {
          Engine engine = images.engine();
          List<Tensor> results = engine.apply(training, List.of(images, weight.get(), bias.get()));
          try (Tensor statistics = results.get(1)) {
            List<Tensor> running = List.of(runningMean.get(), runningVariance.get(), batches.get());
            var track =
                new TrackStatistics(MOMENTUM, images.shape().elements() / images.shape().dim(1));
            engine.apply(
                track,
                List.of(statistics, running.get(0), running.get(1), running.get(2)),
                running);
          }
          return results.getFirst();
        });
  }

  @Override
  public Tensor predict(Tensor x) {
    return Images.withChannelsLast(
        x,
        images -> {
          List<Tensor> inputs =
              List.of(images, weight.get(), bias.get(), runningMean.get(), runningVariance.get());
          List<Tensor> results = images.engine().apply(inference, inputs);
          results.get(1).close();
          return results.getFirst();
        });
  }

  /**
   * Folds this normalization into a convolution before it: weights times factor, and the bias.
   *
   * @return the factor of each output channel, and the bias of each
   */
  Folding folding() {
    float[] w = weight.get().toFloatArray();
    float[] b = bias.get().toFloatArray();
    float[] mean = runningMean.get().toFloatArray();
    float[] variance = runningVariance.get().toFloatArray();
    double[] factor = new double[w.length];
    float[] folded = new float[w.length];
    for (int c = 0; c < w.length; c++) {
      factor[c] = w[c] / Math.sqrt((double) variance[c] + EPSILON);
      folded[c] = (float) (b[c] - mean[c] * factor[c]);
    }
    return new Folding(factor, folded);
  }

  /** What a normalization does to the channels of a convolution. */
  @SuppressWarnings("ArrayRecordComponent") // handed on once; never compared
  record Folding(double[] factor, float[] bias) {}
}
