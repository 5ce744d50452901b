package dev.quern.simd.convolution;

import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;

/** Convolution kernels. */
public final class SimdConvolutionKernels implements ConvolutionKernels {
  private final WorkerPool pool;

  public SimdConvolutionKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public ConvolutionPlan prepare(ConvolutionSpec spec) {
    throw new UnsupportedOperationException("convolution");
  }
}
