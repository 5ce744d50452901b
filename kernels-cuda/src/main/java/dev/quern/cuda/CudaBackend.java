package dev.quern.cuda;

import dev.quern.DType;
import dev.quern.DeviceInfo;
import dev.quern.cuda.host.Context;
import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Queue;
import dev.quern.cuda.host.Signature;
import dev.quern.spi.Backend;
import dev.quern.spi.CalibrationKernels;
import dev.quern.spi.ConfusionKernels;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.LovaszKernels;
import dev.quern.spi.MatrixKernels;
import dev.quern.spi.OptimizerKernels;
import dev.quern.spi.PointwiseKernels;
import dev.quern.spi.RandomKernels;
import dev.quern.spi.ReductionKernels;
import dev.quern.spi.SegmentationKernels;
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
  private final PointwiseKernels pointwise;
  private final ReductionKernels reduction;
  private final MatrixKernels matrix;
  private final RandomKernels random;
  private final CalibrationKernels calibration;
  private final ConfusionKernels confusion;
  private final OptimizerKernels optimizer;
  private final SegmentationKernels segmentation;
  private final LovaszKernels lovasz;

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
    this.pointwise =
        new CudaPointwiseKernels(module("pointwise", CudaPointwiseKernels.SIGNATURES), queue);
    this.reduction = new CudaReductionKernels(module("reduction", CudaReductionKernels.SIGNATURES));
    this.matrix = new CudaMatrixKernels(module("matrix", CudaMatrixKernels.SIGNATURES));
    this.random = new CudaRandomKernels(module("random", CudaRandomKernels.SIGNATURES));
    this.calibration =
        new CudaCalibrationKernels(module("calibration", CudaCalibrationKernels.SIGNATURES));
    this.confusion = new CudaConfusionKernels(module("confusion", CudaConfusionKernels.SIGNATURES));
    this.optimizer = new CudaOptimizerKernels(module("optimizer", CudaOptimizerKernels.SIGNATURES));
    this.segmentation =
        new CudaSegmentationKernels(
            module("segmentation", CudaFusedLoss.SIGNATURES),
            module("segmentation_classes", CudaFusedLoss.CLASS_SIGNATURES),
            memory);
    this.lovasz =
        new CudaLovaszKernels(
            new CudaLovasz.Modules(
                module("lovasz_errors", CudaLovasz.ERROR_SIGNATURES),
                module("lovasz_sort", CudaLovaszSort.SIGNATURES),
                module("lovasz_gradient", CudaLovasz.GRADIENT_SIGNATURES)),
            memory);
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
  public boolean supports(KernelFamily family, DType dtype) {
    return switch (dtype) {
      case F32 -> true;
      case F16, BF16 -> family == KernelFamily.SEGMENTATION;
      case F64, U8, I32, I64, BOOL -> false;
    };
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
