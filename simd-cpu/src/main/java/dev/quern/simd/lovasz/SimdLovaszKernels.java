package dev.quern.simd.lovasz;

import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;

/** The Lovasz losses of the SIMD backend. */
public final class SimdLovaszKernels implements LovaszKernels {
  private final WorkerPool pool;

  public SimdLovaszKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public LovaszPlan prepare(LovaszSpec spec) {
    return new SimdLovasz(spec, pool);
  }
}
