package dev.quern.spi.spatial;

import dev.quern.spi.Kernels;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;

/**
 * Images of several times the size, as {@code torch.nn.functional.interpolate} has them for whole
 * scale factors.
 *
 * @param interpolation between elements
 * @param vertical rows of the result for each of the operand, at least 1
 * @param horizontal columns of the result for each of the operand, at least 1
 */
public record UpsamplingSpec(Interpolation interpolation, int vertical, int horizontal)
    implements Spec<UpsamplingPlan> {
  /**
   * How elements of the result come from those of the operand. A place on an axis is a fraction of
   * whole numbers: its quotient is the element before, its remainder by the denominator the share
   * of the element behind: (1 - share) * before + share * behind, within rows first. An element
   * whose share is 0 is not looked at, in the gradient neither.
   */
  public enum Interpolation {
    /** Each is repeated. */
    NEAREST,
    /**
     * Linear in both axes; element i of the result lies at (i + 1/2) / scale - 1/2, not below 0,
     * and what would lie behind the last element is the last ({@code align_corners} false): the
     * fraction max(0, 2 i + 1 - scale) / (2 scale).
     */
    BILINEAR,
    /**
     * Linear in both axes; the first and last elements of both sides coincide ({@code
     * align_corners} true): the fraction i (length - 1) / (length * scale - 1), 0 for one element.
     */
    BILINEAR_ALIGNED
  }

  /**
   * Checks the scale.
   *
   * @throws IllegalArgumentException if a scale is below 1
   */
  public UpsamplingSpec {
    if (vertical < 1 || horizontal < 1) {
      throw new IllegalArgumentException(
          "Images are upsampled by whole factors from 1, not by %d x %d."
              .formatted(vertical, horizontal));
    }
  }

  /**
   * Returns the shape of the result.
   *
   * @param in the shape of the operand
   * @return as many images and channels, of the larger size
   */
  public SpatialExtent result(SpatialExtent in) {
    return new SpatialExtent(
        in.images(), in.height() * vertical, in.width() * horizontal, in.channels());
  }

  @Override
  public Support support(Kernels kernels) {
    return kernels.resampling().support(this);
  }

  @Override
  public UpsamplingPlan prepare(Kernels kernels) {
    return kernels.resampling().prepare(this);
  }
}
