package dev.quern.reference.spatial;

import dev.quern.spi.spatial.ResamplingKernels;
import dev.quern.spi.spatial.UpsamplingPlan;
import dev.quern.spi.spatial.UpsamplingSpec;

/** Resampling kernels. */
public final class ReferenceResamplingKernels implements ResamplingKernels {
  @Override
  public UpsamplingPlan prepare(UpsamplingSpec spec) {
    throw new UnsupportedOperationException("upsampling");
  }
}
