package dev.quern.spi.spatial;

import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/**
 * A prepared {@link BatchNormSpec}. All operands are F32, or all F64 where the family supports it.
 *
 * <p>{@code statistics} has four rows of {@code channels}: the mean, what the mean's rounding to
 * the dtype left (0 in F64), the variance (of the population), and 1 / sqrt(variance + epsilon).
 * The normalized value is {@code n = ((x - mean) - remainder) * inverse}, each step rounded to the
 * dtype, the result {@code fma(n, weight, bias)}: all backends give the same bits.
 */
public interface BatchNormPlan extends Plan {
  @Override
  BatchNormSpec spec();

  /**
   * Tells how much scratch memory a call needs.
   *
   * @param pixels images * height * width
   * @param channels how many
   * @return bytes, at least 1
   */
  long scratchBytes(long pixels, long channels);

  /**
   * Computes the statistics of data: count, mean and squared deviations of fixed blocks of pixels,
   * merged in f64. Without pixels mean and variance are 0. A channel with an element that is not
   * finite has NaN for its variance and what follows, and its mean is infinite or NaN.
   *
   * @param pixels rows of {@code x}
   * @param channels columns of {@code x}
   * @param x the data
   * @param statistics four rows
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void statistics(long pixels, long channels, Span x, @Written Span statistics, Span scratch);

  /**
   * Makes statistics of running ones.
   *
   * @param channels how many
   * @param mean the mean of each
   * @param variance the variance of each
   * @param statistics four rows
   */
  void constants(long channels, Span mean, Span variance, @Written Span statistics);

  /**
   * Moves running statistics towards those of a batch, in place: mean and variance (of the sample;
   * that of one pixel is 0) by {@code momentum}, the count of batches by one.
   *
   * @param pixels rows of the batch
   * @param channels how many
   * @param momentum the weight of the batch
   * @param statistics of the batch
   * @param mean the running mean
   * @param variance the running variance
   * @param batches I64, one element
   */
  void track(
      long pixels,
      long channels,
      float momentum,
      Span statistics,
      @Written(afterReading = true) Span mean,
      @Written(afterReading = true) Span variance,
      @Written(afterReading = true) Span batches);

  /**
   * Normalizes.
   *
   * @param pixels rows of {@code x}
   * @param channels columns of {@code x}
   * @param x the data
   * @param statistics four rows
   * @param weight of each channel
   * @param bias of each channel
   * @param out the result, as long as {@code x}, or {@code x} itself
   */
  void forward(
      long pixels,
      long channels,
      Span x,
      Span statistics,
      Span weight,
      Span bias,
      @Written Span out);

  /**
   * Computes all gradients; where ReLU made a 0 it is found again from the data. The gradient
   * passes where the result is NaN.
   *
   * @param pixels rows of {@code x}
   * @param channels columns of {@code x}
   * @param gradient of the result
   * @param x the data
   * @param statistics four rows, as {@link #forward} had them
   * @param weight of each channel
   * @param bias of each channel
   * @param out the gradient of {@code x}; may be {@code gradient} itself
   * @param weightGradient the gradient of the weights
   * @param biasGradient the gradient of the bias
   * @param scratch as in {@link #statistics}
   */
  void backward(
      long pixels,
      long channels,
      Span gradient,
      Span x,
      Span statistics,
      Span weight,
      Span bias,
      @Written Span out,
      @Written Span weightGradient,
      @Written Span biasGradient,
      Span scratch);
}
