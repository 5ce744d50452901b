package dev.quern.simd.loss;

import dev.quern.DType;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.SegmentationKernels;

/** The fused losses of the SIMD backend. */
public final class SimdSegmentationKernels implements SegmentationKernels {
  private final WorkerPool pool;

  public SimdSegmentationKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public FusedLossPlan prepare(FusedLossSpec spec) {
    if (spec.logitsDtype() != DType.F32) {
      throw new UnsupportedOperationException(
          "The fused losses of this backend take F32 logits, not " + spec.logitsDtype() + ".");
    }
    return new SimdFusedLoss(spec, pool);
  }
}
