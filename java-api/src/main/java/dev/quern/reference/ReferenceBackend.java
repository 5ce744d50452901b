package dev.quern.reference;

import dev.quern.DeviceInfo;
import dev.quern.reference.spatial.ReferenceConvolutionKernels;
import dev.quern.reference.spatial.ReferenceNormalizationKernels;
import dev.quern.reference.spatial.ReferencePoolingKernels;
import dev.quern.reference.spatial.ReferenceResamplingKernels;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Kernels;
import dev.quern.spi.host.HostMemory;

/** The reference backend: every call is done when it returns. */
final class ReferenceBackend implements Backend {
  private final DeviceInfo device;
  private final DeviceMemory memory = new HostMemory();
  private final Kernels kernels =
      new Kernels(
          new ReferencePointwiseKernels(),
          new ReferenceReductionKernels(),
          new ReferenceMatrixKernels(),
          new ReferenceConvolutionKernels(),
          new ReferenceNormalizationKernels(),
          new ReferencePoolingKernels(),
          new ReferenceResamplingKernels(),
          new ReferenceLayoutKernels(),
          new ReferenceRandomKernels(),
          new ReferenceSegmentationKernels(),
          new ReferenceLovaszKernels(),
          new ReferenceConfusionKernels(),
          new ReferenceOptimizerKernels(),
          new ReferenceCalibrationKernels());

  ReferenceBackend(DeviceInfo device) {
    this.device = device;
  }

  @Override
  public DeviceInfo device() {
    return device;
  }

  @Override
  public DeviceMemory memory() {
    return memory;
  }

  @Override
  public Kernels kernels() {
    return kernels;
  }

  @Override
  public void synchronize() {}

  @Override
  public void close() {}
}
