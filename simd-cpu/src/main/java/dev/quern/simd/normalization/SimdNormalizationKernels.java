package dev.quern.simd.normalization;

import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.NormalizationKernels;

/** Normalization kernels. */
public final class SimdNormalizationKernels implements NormalizationKernels {
  private final WorkerPool pool;

  public SimdNormalizationKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public BatchNormPlan prepare(BatchNormSpec spec) {
    return new SimdBatchNorm(spec, pool);
  }

  @Override
  public void standardize(long rows, long columns, float epsilon, Span x, Span out, Span inverse) {
    throw new UnsupportedOperationException("standardize");
  }

  @Override
  public void standardizeGradient(
      long rows, long columns, Span gradient, Span y, Span inverse, Span out) {
    throw new UnsupportedOperationException("standardizeGradient");
  }

  @Override
  public void softmax(boolean logarithm, long outer, long count, long inner, Span x, Span out) {
    throw new UnsupportedOperationException("softmax");
  }

  @Override
  public void softmaxGradient(
      boolean logarithm, long outer, long count, long inner, Span gradient, Span y, Span out) {
    throw new UnsupportedOperationException("softmaxGradient");
  }
}
