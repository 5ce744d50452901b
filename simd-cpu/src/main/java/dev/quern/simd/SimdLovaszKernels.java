package dev.quern.simd;

import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;

/** The Lovasz losses of the SIMD backend. */
final class SimdLovaszKernels implements LovaszKernels {
  private final WorkerPool pool;

  SimdLovaszKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public LovaszPlan prepare(LovaszSpec spec) {
    return new SimdLovasz(spec, pool);
  }
}
