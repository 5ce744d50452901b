package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.spatial.ResamplingKernels;
import dev.quern.spi.spatial.UpsamplingPlan;
import dev.quern.spi.spatial.UpsamplingSpec;

/** Launches {@code resampling}. */
final class GpuResamplingKernels implements ResamplingKernels {
  private final GpuFamily family;

  GpuResamplingKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public UpsamplingPlan prepare(UpsamplingSpec spec) {
    throw new UnsupportedOperationException("upsampling");
  }
}
