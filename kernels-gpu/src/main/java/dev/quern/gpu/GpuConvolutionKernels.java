package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;

/** Launches {@code convolution}. */
final class GpuConvolutionKernels implements ConvolutionKernels {
  private final GpuFamily family;

  GpuConvolutionKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public ConvolutionPlan prepare(ConvolutionSpec spec) {
    throw new UnsupportedOperationException("convolution");
  }
}
