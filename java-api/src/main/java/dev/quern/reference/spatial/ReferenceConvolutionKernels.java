package dev.quern.reference.spatial;

import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;

/** Convolution kernels. */
public final class ReferenceConvolutionKernels implements ConvolutionKernels {
  @Override
  public ConvolutionPlan prepare(ConvolutionSpec spec) {
    throw new UnsupportedOperationException("convolution");
  }
}
