package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.NormalizationKernels;

/** Launches {@code normalization}. */
final class GpuNormalizationKernels implements NormalizationKernels {
  private final GpuFamily family;

  GpuNormalizationKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public BatchNormPlan prepare(BatchNormSpec spec) {
    throw new UnsupportedOperationException("batch normalization");
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
