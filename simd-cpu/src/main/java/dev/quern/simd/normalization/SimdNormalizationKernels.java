package dev.quern.simd.normalization;

import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.NormalizationKernels;

/** Normalizations of batches and rows, and softmax. */
public final class SimdNormalizationKernels implements NormalizationKernels {
  /** Elements of rows or lines below which sharing them costs more than it brings. */
  private static final long INLINE_BELOW = 1L << 15;

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
    Standardize.Forward task = new Standardize.Forward(rows, columns, epsilon, x, out, inverse);
    pool.run(task, task.pieces(), inlineBelow(x));
  }

  @Override
  public void standardizeGradient(
      long rows, long columns, Span gradient, Span y, Span inverse, Span out) {
    Standardize.Gradient task = new Standardize.Gradient(rows, columns, gradient, y, inverse, out);
    pool.run(task, task.pieces(), inlineBelow(y));
  }

  @Override
  public void softmax(boolean logarithm, long outer, long count, long inner, Span x, Span out) {
    if (out.length() > 0) {
      Softmax.Forward task = new Softmax.Forward(logarithm, outer, count, inner, x, out);
      pool.run(task, task.pieces(), inlineBelow(x));
    }
  }

  @Override
  public void softmaxGradient(
      boolean logarithm, long outer, long count, long inner, Span gradient, Span y, Span out) {
    if (out.length() > 0) {
      Softmax.Gradient task =
          new Softmax.Gradient(logarithm, outer, count, inner, gradient, y, out);
      pool.run(task, task.pieces(), inlineBelow(y));
    }
  }

  private static long inlineBelow(Span x) {
    return x.length() < INLINE_BELOW ? Long.MAX_VALUE : 0;
  }
}
