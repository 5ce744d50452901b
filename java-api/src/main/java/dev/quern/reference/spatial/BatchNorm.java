package dev.quern.reference.spatial;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.reference.element.Elements;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import java.lang.foreign.MemorySegment;

/**
 * Batch normalization, a channel after the other: the mean first, then the squares of what differs
 * from it.
 */
record BatchNorm(BatchNormSpec spec) implements BatchNormPlan {
  @Override
  public long scratchBytes(long pixels, long channels) {
    return 1;
  }

  @Override
  public void statistics(long pixels, long channels, Span x, Span statistics, Span scratch) {
    Elements source = Elements.of(x);
    Elements target = Elements.of(statistics);
    long count = Math.max(1, pixels);
    for (long c = 0; c < channels; c++) {
      double sum = 0;
      for (long i = 0; i < pixels; i++) {
        sum += source.get(i * channels + c);
      }
      double mean = sum / count;
      double squares = 0;
      for (long i = 0; i < pixels; i++) {
        double deviation = source.get(i * channels + c) - mean;
        squares += deviation * deviation;
      }
      set(target, channels, c, mean, squares / count);
    }
  }

  @Override
  public void constants(long channels, Span mean, Span variance, Span statistics) {
    Elements means = Elements.of(mean);
    Elements variances = Elements.of(variance);
    Elements target = Elements.of(statistics);
    for (long c = 0; c < channels; c++) {
      set(target, channels, c, means.get(c), variances.get(c));
    }
  }

  private void set(Elements statistics, long channels, long c, double mean, double variance) {
    statistics.set(c, mean);
    statistics.set(channels + c, mean - statistics.round(mean));
    statistics.set(2 * channels + c, variance);
    statistics.set(3 * channels + c, 1 / Math.sqrt(variance + spec.epsilon()));
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
    Elements batch = Elements.of(statistics);
    Elements means = Elements.of(mean);
    Elements variances = Elements.of(variance);
    double sample = (double) pixels / Math.max(1, pixels - 1);
    for (long c = 0; c < channels; c++) {
      double center = batch.get(c) + batch.get(channels + c);
      double spread = batch.get(2 * channels + c) * sample;
      means.set(c, (1 - (double) momentum) * means.get(c) + momentum * center);
      variances.set(c, (1 - (double) momentum) * variances.get(c) + momentum * spread);
    }
    MemorySegment counter = HostBuffer.segment(batches);
    counter.set(JAVA_LONG_UNALIGNED, 0, counter.get(JAVA_LONG_UNALIGNED, 0) + 1);
  }

  @Override
  public void forward(
      long pixels, long channels, Span x, Span statistics, Span weight, Span bias, Span out) {
    Elements source = Elements.of(x);
    Elements target = Elements.of(out);
    for (long c = 0; c < channels; c++) {
      Channel channel = channel(channels, c, statistics, weight, bias);
      for (long i = 0; i < pixels; i++) {
        double y = channel.result(source.get(i * channels + c));
        target.set(i * channels + c, spec.relu() ? Math.max(y, 0) : y);
      }
    }
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
    Elements above = Elements.of(gradient);
    Elements source = Elements.of(x);
    Elements target = Elements.of(out);
    Elements weightSlopes = Elements.of(weightGradient);
    Elements biasSlopes = Elements.of(biasGradient);
    for (long c = 0; c < channels; c++) {
      Channel channel = channel(channels, c, statistics, weight, bias);
      double sum = 0;
      double products = 0;
      for (long i = c; i < pixels * channels; i += channels) {
        double g = passed(channel, source.get(i), above.get(i));
        sum += g;
        products += g * channel.normalized(source.get(i));
      }
      weightSlopes.set(c, products);
      biasSlopes.set(c, sum);
      for (long i = c; i < pixels * channels; i += channels) {
        double n = channel.normalized(source.get(i));
        double g = passed(channel, source.get(i), above.get(i));
        double rest = spec.training() ? g - sum / pixels - n * (products / pixels) : g;
        target.set(i, channel.weight * channel.inverse * rest);
      }
    }
  }

  /** The gradient before ReLU: 0 where it made a 0. */
  private double passed(Channel channel, double x, double gradient) {
    return spec.relu() && channel.result(x) <= 0 ? 0 : gradient;
  }

  private static Channel channel(long channels, long c, Span statistics, Span weight, Span bias) {
    Elements rows = Elements.of(statistics);
    return new Channel(
        rows.get(c),
        rows.get(channels + c),
        rows.get(3 * channels + c),
        Elements.of(weight).get(c),
        Elements.of(bias).get(c),
        rows);
  }

  /** Rounds as every backend does, so that all see the same zeros of ReLU. */
  private record Channel(
      double mean,
      double remainder,
      double inverse,
      double weight,
      double bias,
      Elements elements) {
    double normalized(double x) {
      double deviation = elements.round(elements.round(x - mean) - remainder);
      return elements.round(deviation * inverse);
    }

    /** Before it is rounded: the product of two floats is exact. */
    double result(double x) {
      return normalized(x) * weight + bias;
    }
  }
}
