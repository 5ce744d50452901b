package dev.quern.simd;

import dev.quern.DeviceInfo;
import dev.quern.simd.calibration.SimdCalibrationKernels;
import dev.quern.simd.confusion.SimdConfusionKernels;
import dev.quern.simd.convolution.SimdConvolutionKernels;
import dev.quern.simd.layout.SimdLayoutKernels;
import dev.quern.simd.loss.SimdSegmentationKernels;
import dev.quern.simd.lovasz.SimdLovaszKernels;
import dev.quern.simd.matrix.SimdMatrixKernels;
import dev.quern.simd.normalization.SimdNormalizationKernels;
import dev.quern.simd.optim.SimdOptimizerKernels;
import dev.quern.simd.pointwise.SimdPointwiseKernels;
import dev.quern.simd.pooling.SimdPoolingKernels;
import dev.quern.simd.random.SimdRandomKernels;
import dev.quern.simd.reduction.SimdReductionKernels;
import dev.quern.simd.resampling.SimdResamplingKernels;
import dev.quern.simd.work.HugePages;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Kernels;
import dev.quern.spi.host.HostMemory;
import java.util.concurrent.atomic.AtomicBoolean;

/** The SIMD backend: every call is done when it returns. */
final class SimdBackend implements Backend {
  private final DeviceInfo device;
  private final WorkerPool pool;
  private final AtomicBoolean open = new AtomicBoolean(true);
  private final DeviceMemory memory;
  private final Kernels kernels;

  SimdBackend(DeviceInfo device, WorkerPool pool) {
    this.device = device;
    this.pool = pool;
    pool.retain();
    this.memory = new HostMemory(HugePages.source());
    this.kernels =
        new Kernels(
            new SimdPointwiseKernels(pool),
            new SimdReductionKernels(pool),
            new SimdMatrixKernels(pool),
            new SimdConvolutionKernels(pool),
            new SimdNormalizationKernels(pool),
            new SimdPoolingKernels(pool),
            new SimdResamplingKernels(pool),
            new SimdLayoutKernels(pool),
            new SimdRandomKernels(pool),
            new SimdSegmentationKernels(pool),
            new SimdLovaszKernels(pool),
            new SimdConfusionKernels(pool),
            new SimdOptimizerKernels(pool),
            new SimdCalibrationKernels(pool));
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
  public void close() {
    if (open.getAndSet(false)) {
      pool.release();
    }
  }
}
