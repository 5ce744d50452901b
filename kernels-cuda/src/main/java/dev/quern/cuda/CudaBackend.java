package dev.quern.cuda;

import dev.quern.DeviceInfo;
import dev.quern.cuda.host.Context;
import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Queue;
import dev.quern.cuda.host.Signature;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Kernels;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** One open CUDA device. */
final class CudaBackend implements Backend {
  private final DeviceInfo info;
  private final KernelImages images;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final Context context;
  private final Queue queue;
  private final CudaMemory memory;
  private final Kernels kernels;

  /**
   * Opens a device.
   *
   * @param images its kernels
   */
  CudaBackend(DeviceInfo info, Device device, KernelImages images) {
    this.info = info;
    this.images = images;
    try {
      this.context = own(new Context(device));
      this.queue = own(new Queue(context));
      this.memory = own(new CudaMemory(context, queue));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    this.kernels =
        new Kernels(
            new CudaPointwiseKernels(module("pointwise", CudaPointwiseKernels.SIGNATURES), queue),
            new CudaReductionKernels(module("reduction", CudaReductionKernels.SIGNATURES)),
            new CudaMatrixKernels(module("matrix", CudaMatrixKernels.SIGNATURES)),
            new CudaRandomKernels(module("random", CudaRandomKernels.SIGNATURES)),
            new CudaSegmentationKernels(
                module("segmentation", CudaFusedLoss.SIGNATURES),
                module("segmentation_classes", CudaFusedLoss.CLASS_SIGNATURES),
                memory),
            new CudaLovaszKernels(
                new CudaLovasz.Modules(
                    module("lovasz_errors", CudaLovasz.ERROR_SIGNATURES),
                    module("lovasz_sort", CudaLovaszSort.SIGNATURES),
                    module("lovasz_gradient", CudaLovasz.GRADIENT_SIGNATURES)),
                memory),
            new CudaConfusionKernels(module("confusion", CudaConfusionKernels.SIGNATURES)),
            new CudaOptimizerKernels(module("optimizer", CudaOptimizerKernels.SIGNATURES)),
            new CudaCalibrationKernels(module("calibration", CudaCalibrationKernels.SIGNATURES)));
    // closed first: modules and memory must not go while kernels run
    own(queue::settle);
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  private FamilyModule module(String family, List<Signature> signatures) {
    return own(new FamilyModule(context, queue, family, images, signatures));
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
    queue.finish();
  }

  /** Closes what it owns, the youngest first; goes on where one part fails. */
  @Override
  public void close() {
    while (!owned.isEmpty()) {
      AutoCloseable resource = owned.pop();
      try {
        resource.close();
      } catch (Exception e) {
        System.getLogger(CudaBackend.class.getName())
            .log(System.Logger.Level.DEBUG, "Closing " + resource + " failed.", e);
      }
    }
  }
}
