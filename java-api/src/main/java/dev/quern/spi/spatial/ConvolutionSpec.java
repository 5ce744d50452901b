package dev.quern.spi.spatial;

import dev.quern.spi.Kernels;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;

/**
 * A convolution of images, as {@code torch.nn.functional.conv2d} has it (a correlation: the weights
 * are not flipped), with its two gradients.
 *
 * @param vertical the window along the rows' axis
 * @param horizontal the window within a row
 * @param groups how many parts the channels have; outputs of a part see inputs of that part only
 * @param inputs channels of the operand, a multiple of {@code groups}
 * @param outputs channels of the result, a multiple of {@code groups}
 * @param relu whether the result is the greater of 0 and what the convolution gives; NaN stays
 */
public record ConvolutionSpec(
    Window vertical, Window horizontal, int groups, long inputs, long outputs, boolean relu)
    implements Spec<ConvolutionPlan> {

  /**
   * Checks the channels.
   *
   * @throws IllegalArgumentException if one of them is not a positive multiple of the groups
   */
  public ConvolutionSpec {
    if (groups < 1 || inputs < 1 || outputs < 1 || inputs % groups != 0 || outputs % groups != 0) {
      throw new IllegalArgumentException(
          "A convolution from %d to %d channels cannot have %d groups: both must be multiples of them."
              .formatted(inputs, outputs, groups));
    }
  }

  /**
   * Returns the shape of the result.
   *
   * @param in the shape of the operand, of {@link #inputs} channels
   * @return as many images, of {@link #outputs} channels
   * @throws IllegalArgumentException if the window does not fit once
   */
  public SpatialExtent result(SpatialExtent in) {
    return new SpatialExtent(
        in.images(), vertical.outputs(in.height()), horizontal.outputs(in.width()), outputs);
  }

  /**
   * Counts the weights.
   *
   * @return elements of (outputs, inputs / groups, rows, columns)
   */
  public long weights() {
    return outputs * (inputs / groups) * vertical.kernel() * horizontal.kernel();
  }

  @Override
  public Support support(Kernels kernels) {
    return kernels.convolution().support(this);
  }

  @Override
  public ConvolutionPlan prepare(Kernels kernels) {
    return kernels.convolution().prepare(this);
  }
}
