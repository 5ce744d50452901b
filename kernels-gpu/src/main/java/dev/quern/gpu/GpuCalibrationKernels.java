package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.CalibrationKernels;

/** Launches {@code calibration}. */
final class GpuCalibrationKernels implements CalibrationKernels {
  private final GpuFamily family;

  GpuCalibrationKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public void fmaChains(Span data, int length) {
    long n = data.length();
    family
        .kernel("fma_chains")
        .tensor(data)
        .scalar(n)
        .scalar(length)
        .enqueue(family.geometry().tiles(n));
  }
}
