package dev.quern.simd;

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
import java.util.concurrent.atomic.AtomicBoolean;

/** The SIMD backend: every call is done when it returns. */
final class SimdBackend implements Backend {
  private final DeviceInfo device;
  private final WorkerPool pool;
  private final AtomicBoolean open = new AtomicBoolean(true);
  private final DeviceMemory memory;
  private final PointwiseKernels pointwise;
  private final ReductionKernels reduction;
  private final MatrixKernels matrix;
  private final RandomKernels random;
  private final CalibrationKernels calibration;
  private final ConfusionKernels confusion;
  private final OptimizerKernels optimizer;
  private final SegmentationKernels segmentation;
  private final LovaszKernels lovasz;

  SimdBackend(DeviceInfo device, WorkerPool pool) {
    this.device = device;
    this.pool = pool;
    pool.retain();
    this.memory = new HostMemory(HugePages.source());
    this.pointwise = new SimdPointwiseKernels(pool);
    this.reduction = new SimdReductionKernels(pool);
    this.matrix = new SimdMatrixKernels(pool);
    this.random = new SimdRandomKernels(pool);
    this.calibration = new SimdCalibrationKernels(pool);
    this.confusion = new SimdConfusionKernels(pool);
    this.optimizer = new SimdOptimizerKernels(pool);
    this.segmentation = new SimdSegmentationKernels(pool);
    this.lovasz = new SimdLovaszKernels(pool);
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
    return pointwise;
  }

  @Override
  public ReductionKernels reduction() {
    return reduction;
  }

  @Override
  public MatrixKernels matrix() {
    return matrix;
  }

  @Override
  public RandomKernels random() {
    return random;
  }

  @Override
  public CalibrationKernels calibration() {
    return calibration;
  }

  @Override
  public ConfusionKernels confusion() {
    return confusion;
  }

  @Override
  public OptimizerKernels optimizer() {
    return optimizer;
  }

  @Override
  public SegmentationKernels segmentation() {
    return segmentation;
  }

  @Override
  public LovaszKernels lovasz() {
    return lovasz;
  }

  @Override
  public void synchronize() {}

  @Override
  public void close() {
    if (open.getAndSet(false)) {
      pool.release();
    }
  }
}
