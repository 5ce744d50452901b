package dev.quern.spi.spatial;

import dev.quern.spi.Kernels;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;

/**
 * The greatest element of every window of an image, channel by channel, as {@code
 * torch.nn.functional.max_pool2d} has it: among equal elements the first counts, a NaN is greater
 * than all others and the last NaN counts, what lies outside the image is not looked at.
 *
 * @param vertical the window along the rows' axis
 * @param horizontal the window within a row
 */
public record MaxPoolingSpec(Window vertical, Window horizontal) implements Spec<MaxPoolingPlan> {

  /**
   * Checks the windows.
   *
   * @throws IllegalArgumentException if a padding is more than half of a window's reach
   */
  public MaxPoolingSpec {
    vertical.requireHalf();
    horizontal.requireHalf();
  }

  /**
   * Returns the shape of the result.
   *
   * @param in the shape of the operand
   * @return as many images and channels
   * @throws IllegalArgumentException if the window does not fit once
   */
  public SpatialExtent result(SpatialExtent in) {
    return new SpatialExtent(
        in.images(), vertical.outputs(in.height()), horizontal.outputs(in.width()), in.channels());
  }

  @Override
  public Support support(Kernels kernels) {
    return kernels.pooling().support(this);
  }

  @Override
  public MaxPoolingPlan prepare(Kernels kernels) {
    return kernels.pooling().prepare(this);
  }
}
