package dev.quern.spi.spatial;

import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/** A prepared {@link UpsamplingSpec}. Images are channels last, F32, or F64 where supported. */
public interface UpsamplingPlan extends Plan {
  @Override
  UpsamplingSpec spec();

  /**
   * Upsamples.
   *
   * @param extent the shape of {@code x}
   * @param x the operand
   * @param out the result, of the shape {@link UpsamplingSpec#result}
   */
  void forward(SpatialExtent extent, Span x, @Written Span out);

  /**
   * Computes the gradient of the operand, gathered in the order of the result's elements.
   *
   * @param extent the shape of {@code out}
   * @param gradient of the result, of its shape
   * @param out the gradient
   */
  void backward(SpatialExtent extent, Span gradient, @Written Span out);
}
