package dev.quern.gpu;

import dev.quern.DeviceInfo;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.OwnedResources;
import dev.quern.gpu.loss.GpuLovaszKernels;
import dev.quern.gpu.loss.GpuSegmentationKernels;
import dev.quern.gpu.loss.LovaszSort;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Kernels;
import java.util.function.Function;

/** One open GPU, or what stands in for one. */
public final class GpuBackend implements Backend {
  private final DeviceInfo info;
  private final OwnedResources owned = new OwnedResources();
  private final GpuHost host;
  private final GpuMemory memory;
  private final Kernels kernels;

  /**
   * Opens a device.
   *
   * @param info what is opened
   * @param open opens it on its platform; what it gives to the resources is closed with this, or if
   *     opening fails
   */
  public GpuBackend(DeviceInfo info, Function<OwnedResources, GpuHost> open) {
    this.info = info;
    try {
      this.host = open.apply(owned);
      this.memory = owned.own(new GpuMemory(host.openTransfers()));
    } catch (RuntimeException e) {
      owned.close();
      throw e;
    }
    GpuFamily lovaszGradient = family("lovasz_gradient");
    LovaszSort lovaszSort = host.lovaszSort(family("lovasz_sort"), lovaszGradient);
    this.kernels =
        new Kernels(
            new GpuPointwiseKernels(family("pointwise"), memory),
            new GpuReductionKernels(family("reduction")),
            new GpuMatrixKernels(family("matrix")),
            new GpuConvolutionKernels(family("convolution")),
            new GpuNormalizationKernels(family("normalization")),
            new GpuPoolingKernels(family("pooling")),
            new GpuResamplingKernels(family("resampling")),
            new GpuLayoutKernels(family("layout")),
            new GpuRandomKernels(family("random")),
            new GpuSegmentationKernels(
                family("segmentation"), family("segmentation_classes"), memory),
            new GpuLovaszKernels(family("lovasz_errors"), lovaszSort, lovaszGradient, memory),
            new GpuConfusionKernels(family("confusion")),
            host.optimizer(family("optimizer")),
            new GpuCalibrationKernels(family("calibration")));
    // closed first: programs and memory must not go while kernels run
    owned.own(host::settle);
  }

  private GpuFamily family(String name) {
    return owned.own(new GpuFamily(name, host.geometry(), () -> host.program(name)));
  }

  @Override
  public DeviceInfo device() {
    return info;
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
  public void synchronize() {
    host.finish();
  }

  @Override
  public void close() {
    owned.close();
  }
}
