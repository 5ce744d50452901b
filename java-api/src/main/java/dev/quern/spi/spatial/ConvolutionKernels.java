package dev.quern.spi.spatial;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Support;

/** Convolutions of channels-last images, and their gradients. */
public interface ConvolutionKernels extends KernelFamily {
  /**
   * Tells whether a convolution can be prepared.
   *
   * @param spec the specification
   * @return yes, or no with the reason
   */
  default Support support(ConvolutionSpec spec) {
    return Support.yes();
  }

  /**
   * Prepares a convolution.
   *
   * @param spec the specification
   * @return its kernels
   */
  ConvolutionPlan prepare(ConvolutionSpec spec);
}
