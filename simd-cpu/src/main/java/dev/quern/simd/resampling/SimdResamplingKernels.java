package dev.quern.simd.resampling;

import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.spatial.ResamplingKernels;
import dev.quern.spi.spatial.UpsamplingPlan;
import dev.quern.spi.spatial.UpsamplingSpec;

/** Upsampling. */
public final class SimdResamplingKernels implements ResamplingKernels {
  private final WorkerPool pool;

  public SimdResamplingKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public UpsamplingPlan prepare(UpsamplingSpec spec) {
    return new SimdUpsampling(spec, pool);
  }
}
