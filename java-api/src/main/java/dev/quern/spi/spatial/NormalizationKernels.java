package dev.quern.spi.spatial;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.Written;

/** Normalizations and softmax, with their gradients. */
public interface NormalizationKernels extends KernelFamily {
  /**
   * Tells whether a batch normalization can be prepared.
   *
   * @param spec the specification
   * @return yes, or no with the reason
   */
  default Support support(BatchNormSpec spec) {
    return Support.yes();
  }

  /**
   * Prepares a batch normalization.
   *
   * @param spec the specification
   * @return its kernels
   */
  BatchNormPlan prepare(BatchNormSpec spec);

  /**
   * Gives every row mean 0 and variance 1: out = (x - mean) * inverse, with inverse = 1 /
   * sqrt(variance of the population + epsilon).
   *
   * @param rows how many
   * @param columns elements of each, at least 1
   * @param epsilon added to the variance
   * @param x the rows
   * @param out the result, as long as {@code x}
   * @param inverse of each row
   */
  void standardize(
      long rows, long columns, float epsilon, Span x, @Written Span out, @Written Span inverse);

  /**
   * The gradient of {@link #standardize}: out = inverse * (g - mean(g) - y * mean(g * y)).
   *
   * @param rows how many
   * @param columns elements of each
   * @param gradient g, of the result
   * @param y the result
   * @param inverse of each row
   * @param out the gradient of the operand
   */
  void standardizeGradient(
      long rows, long columns, Span gradient, Span y, Span inverse, @Written Span out);

  /**
   * Softmax along the middle axis of (outer, count, inner): e^(x - m) / sum of them, with m the
   * largest; or its logarithm, x - m - ln(sum).
   *
   * @param logarithm whether the result is the logarithm
   * @param outer the extent of the axes outside
   * @param count the extent of the axis
   * @param inner the extent of the axes inside
   * @param x the operand
   * @param out the result, as long as {@code x}
   */
  void softmax(boolean logarithm, long outer, long count, long inner, Span x, @Written Span out);

  /**
   * The gradient of {@link #softmax}: y * (g - sum(g * y)); of the logarithm g - e^y * sum(g).
   *
   * @param logarithm whether y is the logarithm
   * @param outer the extent of the axes outside
   * @param count the extent of the axis
   * @param inner the extent of the axes inside
   * @param gradient g, of the result
   * @param y the result
   * @param out the gradient of the operand
   */
  void softmaxGradient(
      boolean logarithm,
      long outer,
      long count,
      long inner,
      Span gradient,
      Span y,
      @Written Span out);
}
