package dev.quern.spi.spatial;

import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.Written;
import org.jspecify.annotations.Nullable;

/**
 * A prepared {@link ConvolutionSpec}. All operands are F32, or all F64 where the family supports
 * it; images are channels last, weights (outputs, inputs / groups, rows, columns). The order in
 * which the products of an element are added depends on the specification and the extent only.
 */
public interface ConvolutionPlan extends Plan {
  @Override
  ConvolutionSpec spec();

  /**
   * Tells how much scratch memory a call needs.
   *
   * @param extent the shape of the operand
   * @return bytes, at least 1, enough for any of the three
   */
  long scratchBytes(SpatialExtent extent);

  /**
   * Convolves.
   *
   * @param extent the shape of {@code x}
   * @param x the operand
   * @param weight the weights
   * @param bias added to each channel of the result, {@link ConvolutionSpec#outputs} long; null for
   *     none
   * @param out the result, of the shape {@link ConvolutionSpec#result}
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void forward(
      SpatialExtent extent,
      Span x,
      Span weight,
      @Nullable Span bias,
      @Written Span out,
      Span scratch);

  /**
   * Computes the gradient of the operand, which is also the transposed convolution. {@link
   * ConvolutionSpec#relu} and the bias are no matter of it.
   *
   * @param extent the shape of the operand and of {@code out}
   * @param gradient of the result, of its shape
   * @param weight the weights
   * @param out the gradient; every element is written
   * @param scratch as in {@link #forward}
   */
  void inputGradient(
      SpatialExtent extent, Span gradient, Span weight, @Written Span out, Span scratch);

  /**
   * Computes the gradient of the weights. An infinite pixel at a border may give NaN: what lies
   * beside an image may count as 0.
   *
   * @param extent the shape of {@code x}
   * @param x the operand
   * @param gradient of the result, of its shape
   * @param out the gradient, in the order of the weights
   * @param scratch as in {@link #forward}
   */
  void weightGradient(SpatialExtent extent, Span x, Span gradient, @Written Span out, Span scratch);

  /**
   * Computes the gradient of the weights and adds it to what is there: it has the bits of {@link
   * #weightGradient} and is added last.
   *
   * @param extent the shape of {@code x}
   * @param x the operand
   * @param gradient of the result, of its shape
   * @param out what is added to, in the order of the weights
   * @param scratch as in {@link #forward}
   */
  void weightGradientAdd(
      SpatialExtent extent,
      Span x,
      Span gradient,
      @Written(afterReading = true) Span out,
      Span scratch);
}
