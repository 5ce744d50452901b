package dev.quern.simd;

import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.SegmentationKernels;

/** The fused losses of the SIMD backend. */
final class SimdSegmentationKernels implements SegmentationKernels {
  private final WorkerPool pool;

  SimdSegmentationKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public FusedLossPlan prepare(FusedLossSpec spec) {
    return new SimdFusedLoss(spec, pool);
  }
}
