package dev.quern.spi.spatial;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Support;

/** Images of other sizes, and the gradients of the change. */
public interface ResamplingKernels extends KernelFamily {
  /**
   * Tells whether an upsampling can be prepared.
   *
   * @param spec the specification
   * @return yes, or no with the reason
   */
  default Support support(UpsamplingSpec spec) {
    return Support.yes();
  }

  /**
   * Prepares an upsampling.
   *
   * @param spec the specification
   * @return its kernels
   */
  UpsamplingPlan prepare(UpsamplingSpec spec);
}
