package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.NormalizationKernels;

/**
 * Launches {@code normalization}. Scratch memory: three f64 per channel and part of the pixels, or
 * two f32, and two means per channel.
 */
final class GpuNormalizationKernels implements NormalizationKernels {
  /** Pixels of a channel that one thread sums, at most. */
  private static final int PART_PIXELS = 128;

  /** What a part leaves at most, of its statistics: {@code QUERN_PART_NUMBERS}. */
  private static final int PART_BYTES = 3 * Double.BYTES;

  private static final int MEANS_BYTES = 2 * Float.BYTES;

  private final GpuFamily family;

  GpuNormalizationKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public BatchNormPlan prepare(BatchNormSpec spec) {
    family.build();
    return new BatchNorm(spec, family);
  }

  private record BatchNorm(BatchNormSpec spec, GpuFamily family) implements BatchNormPlan {
    @Override
    public long scratchBytes(long pixels, long channels) {
      return Math.max(1, (parts(pixels) * PART_BYTES + MEANS_BYTES) * channels);
    }

    @Override
    public void statistics(long pixels, long channels, Span x, Span statistics, Span scratch) {
      long parts = parts(pixels);
      family
          .kernel("batch_partials")
          .tensor(x)
          .scratch(scratch, 0, Double.BYTES)
          .scalar(channels * parts)
          .scalar(pixels)
          .scalar(channels)
          .enqueue(family.geometry().groups(channels * parts));
      family
          .kernel("batch_statistics")
          .scratch(scratch, 0, Double.BYTES)
          .tensor(statistics)
          .scalar(pixels)
          .scalar(channels)
          .scalar(parts)
          .scalar(spec.epsilon())
          .enqueue(channels);
    }

    @Override
    public void constants(long channels, Span mean, Span variance, Span statistics) {
      family
          .kernel("batch_constants")
          .tensor(mean)
          .tensor(variance)
          .tensor(statistics)
          .scalar(channels)
          .scalar(spec.epsilon())
          .enqueue(family.geometry().groups(channels));
    }

    @Override
    public void track(
        long pixels,
        long channels,
        float momentum,
        Span statistics,
        Span mean,
        Span variance,
        Span batches) {
      family
          .kernel("batch_track")
          .tensor(statistics)
          .tensor(mean)
          .tensor(variance)
          .tensor(batches)
          .scalar(pixels)
          .scalar(channels)
          .scalar(momentum)
          .enqueue(Math.max(1, family.geometry().groups(channels)));
    }

    @Override
    public void forward(
        long pixels, long channels, Span x, Span statistics, Span weight, Span bias, Span out) {
      family
          .kernel("batch_forward")
          .tensor(x)
          .tensor(statistics)
          .tensor(weight)
          .tensor(bias)
          .tensor(out)
          .scalar(pixels * channels)
          .scalar(channels)
          .scalar(relu())
          .enqueue(family.geometry().tiles(pixels * channels));
    }

    @Override
    public void backward(
        long pixels,
        long channels,
        Span gradient,
        Span x,
        Span statistics,
        Span weight,
        Span bias,
        Span out,
        Span weightGradient,
        Span biasGradient,
        Span scratch) {
      long parts = parts(pixels);
      long means = parts * PART_BYTES * channels;
      family
          .kernel("batch_backward_partials")
          .tensor(gradient)
          .tensor(x)
          .tensor(statistics)
          .tensor(weight)
          .tensor(bias)
          .scratch(scratch, 0, Float.BYTES)
          .scalar(channels * parts)
          .scalar(pixels)
          .scalar(channels)
          .scalar(relu())
          .enqueue(family.geometry().groups(channels * parts));
      family
          .kernel("batch_backward_total")
          .scratch(scratch, 0, Float.BYTES)
          .tensor(weightGradient)
          .tensor(biasGradient)
          .scratch(scratch, means, Float.BYTES)
          .scalar(pixels)
          .scalar(channels)
          .scalar(parts)
          .enqueue(channels);
      family
          .kernel("batch_backward")
          .tensor(gradient)
          .tensor(x)
          .tensor(statistics)
          .tensor(weight)
          .tensor(bias)
          .scratch(scratch, means, Float.BYTES)
          .tensor(out)
          .scalar(pixels * channels)
          .scalar(channels)
          .scalar(spec.training() ? 1 : 0)
          .scalar(relu())
          .enqueue(family.geometry().tiles(pixels * channels));
    }

    private int relu() {
      return spec.relu() ? 1 : 0;
    }

    private static long parts(long pixels) {
      return Math.ceilDiv(pixels, PART_PIXELS);
    }
  }

  @Override
  public void standardize(long rows, long columns, float epsilon, Span x, Span out, Span inverse) {
    family
        .kernel("standardize")
        .tensor(x)
        .tensor(out)
        .tensor(inverse)
        .scalar(columns)
        .scalar(epsilon)
        .enqueue(rows);
  }

  @Override
  public void standardizeGradient(
      long rows, long columns, Span gradient, Span y, Span inverse, Span out) {
    family
        .kernel("standardize_gradient")
        .tensor(gradient)
        .tensor(y)
        .tensor(inverse)
        .tensor(out)
        .scalar(columns)
        .enqueue(rows);
  }

  @Override
  public void softmax(boolean logarithm, long outer, long count, long inner, Span x, Span out) {
    lines(family.kernel("softmax").tensor(x).tensor(out), logarithm, outer, count, inner);
  }

  @Override
  public void softmaxGradient(
      boolean logarithm, long outer, long count, long inner, Span gradient, Span y, Span out) {
    Launch kernel = family.kernel("softmax_gradient").tensor(gradient).tensor(y).tensor(out);
    lines(kernel, logarithm, outer, count, inner);
  }

  private void lines(Launch kernel, boolean logarithm, long outer, long count, long inner) {
    kernel
        .scalar(outer * inner)
        .scalar(count)
        .scalar(inner)
        .scalar(logarithm ? 1 : 0)
        .enqueue(family.geometry().groups(outer * inner));
  }
}
