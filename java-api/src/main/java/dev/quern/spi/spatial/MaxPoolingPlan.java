package dev.quern.spi.spatial;

import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/**
 * A prepared {@link MaxPoolingSpec}. Tensors are channels last, F32, or F64 where the family
 * supports it.
 */
public interface MaxPoolingPlan extends Plan {
  @Override
  MaxPoolingSpec spec();

  /**
   * Takes the greatest element of every window.
   *
   * @param extent the shape of {@code x}, a plane of it less than 2^31 elements
   * @param x the operand
   * @param out the result, of the shape {@link MaxPoolingSpec#result}
   * @param places I32, as long as {@code out}: where each comes from, row * width + column of the
   *     operand; -1 if the window holds no element, whose result is -infinity
   */
  void forward(SpatialExtent extent, Span x, @Written Span out, @Written Span places);

  /**
   * Gives the gradient of every result to the element it comes from. Where windows overlap, their
   * gradients are added in F32 in the order of the windows.
   *
   * @param extent the shape of {@code out}
   * @param gradient the gradient of the result
   * @param places what {@link #forward} wrote
   * @param out the gradient of the operand, every element written
   */
  void backward(SpatialExtent extent, Span gradient, Span places, @Written Span out);
}
