package dev.quern.reference.spatial;

import dev.quern.spi.Span;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.NormalizationKernels;

/** Normalization kernels. */
public final class ReferenceNormalizationKernels implements NormalizationKernels {
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
