package dev.quern.simd.normalization;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.work.ColumnBlocks;
import dev.quern.simd.work.ThreadScratch;
import java.lang.foreign.MemorySegment;

/**
 * What a batch normalization multiplies and adds, one number a channel, each repeated over whole
 * periods: wherever a vector begins, its lanes find their channels' numbers side by side. They are
 * the calling thread's, and read by those that help it.
 */
final class ChannelConstants {
  /** The least length: shorter stretches side by side are too short for the prefetchers. */
  private static final int LEAST = 1600;

  private static final ThreadScratch<ChannelConstants> THREADS =
      new ThreadScratch<>(ChannelConstants::new);

  /** Elements of each array that are laid out, whole periods. */
  int length;

  float[] mean = {};
  float[] remainder = {};
  float[] inverse = {};
  float[] weight = {};
  float[] bias = {};

  /** The means of the gradient and of the gradient times the normalized value. */
  float[] gradient = {};

  float[] product = {};

  /** weight * inverse. */
  float[] slope = {};

  private ChannelConstants() {}

  /** Lays out statistics, weights and bias. */
  static ChannelConstants of(
      ColumnBlocks blocks, MemorySegment statistics, MemorySegment weight, MemorySegment bias) {
    ChannelConstants constants = THREADS.get();
    constants.fill(blocks, statistics, weight, bias);
    return constants;
  }

  private void fill(
      ColumnBlocks blocks, MemorySegment statistics, MemorySegment w, MemorySegment b) {
    int channels = blocks.columns();
    length = blocks.period() * Math.ceilDiv(LEAST, blocks.period());
    if (mean.length < length) {
      mean = new float[length];
      remainder = new float[length];
      inverse = new float[length];
      weight = new float[length];
      bias = new float[length];
      gradient = new float[length];
      product = new float[length];
      slope = new float[length];
    }
    for (int c = 0; c < channels; c++) {
      mean[c] = statistics.getAtIndex(JAVA_FLOAT_UNALIGNED, c);
      remainder[c] = statistics.getAtIndex(JAVA_FLOAT_UNALIGNED, channels + c);
      inverse[c] = statistics.getAtIndex(JAVA_FLOAT_UNALIGNED, 3L * channels + c);
      weight[c] = w.getAtIndex(JAVA_FLOAT_UNALIGNED, c);
      bias[c] = b.getAtIndex(JAVA_FLOAT_UNALIGNED, c);
      slope[c] = weight[c] * inverse[c];
    }
    repeat(mean, channels, length);
    repeat(remainder, channels, length);
    repeat(inverse, channels, length);
    repeat(weight, channels, length);
    repeat(bias, channels, length);
    repeat(slope, channels, length);
  }

  /** Lays out the means over all pixels that the gradient of the data loses. */
  void subtracted(double[] gradients, double[] products, int channels, double pixels) {
    for (int c = 0; c < channels; c++) {
      gradient[c] = (float) (gradients[c] / pixels);
      product[c] = (float) (products[c] / pixels);
    }
    repeat(gradient, channels, length);
    repeat(product, channels, length);
  }

  /** Repeats the first elements over the whole length. */
  static void repeat(float[] values, int channels, int length) {
    for (int done = channels; done < length; done *= 2) {
      System.arraycopy(values, 0, values, done, Math.min(done, length - done));
    }
  }
}
