package dev.quern.reference;

import dev.quern.DType;
import dev.quern.DeviceInfo;
import dev.quern.spi.Backend;
import dev.quern.spi.CalibrationKernels;
import dev.quern.spi.ConfusionKernels;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.HostMemory;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.LovaszKernels;
import dev.quern.spi.MatrixKernels;
import dev.quern.spi.OptimizerKernels;
import dev.quern.spi.PointwiseKernels;
import dev.quern.spi.RandomKernels;
import dev.quern.spi.ReductionKernels;
import dev.quern.spi.SegmentationKernels;

/** The reference backend: every call is done when it returns. */
final class ReferenceBackend implements Backend {
  private final DeviceInfo device;
  private final DeviceMemory memory = new HostMemory();

  ReferenceBackend(DeviceInfo device) {
    this.device = device;
  }

  @Override
  public DeviceInfo device() {
    return device;
  }

  @Override
  public boolean supports(KernelFamily family, DType dtype) {
    return dtype == DType.F32;
  }

  @Override
  public DeviceMemory memory() {
    return memory;
  }

  @Override
  public PointwiseKernels pointwise() {
    return new ReferencePointwiseKernels();
  }

  @Override
  public ReductionKernels reduction() {
    return new ReferenceReductionKernels();
  }

  @Override
  public MatrixKernels matrix() {
    return new ReferenceMatrixKernels();
  }

  @Override
  public RandomKernels random() {
    return new ReferenceRandomKernels();
  }

  @Override
  public CalibrationKernels calibration() {
    return new ReferenceCalibrationKernels();
  }

  @Override
  public ConfusionKernels confusion() {
    return new ReferenceConfusionKernels();
  }

  @Override
  public OptimizerKernels optimizer() {
    return new ReferenceOptimizerKernels();
  }

  @Override
  public SegmentationKernels segmentation() {
    return new ReferenceSegmentationKernels();
  }

  @Override
  public LovaszKernels lovasz() {
    return new ReferenceLovaszKernels();
  }

  @Override
  public void synchronize() {}

  @Override
  public void close() {}
}
