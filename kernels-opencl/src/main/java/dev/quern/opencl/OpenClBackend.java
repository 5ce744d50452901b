package dev.quern.opencl;

import dev.quern.DType;
import dev.quern.DeviceInfo;
import dev.quern.opencl.host.Context;
import dev.quern.opencl.host.Device;
import dev.quern.opencl.host.Queue;
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

/** One open OpenCL device. */
final class OpenClBackend implements Backend {
  private final DeviceInfo info;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final Context context;
  private final Queue queue;
  private final OpenClMemory memory;
  private final PointwiseKernels pointwise;
  private final ReductionKernels reduction;
  private final MatrixKernels matrix;
  private final RandomKernels random;
  private final CalibrationKernels calibration;
  private final ConfusionKernels confusion;
  private final OptimizerKernels optimizer;
  private final SegmentationKernels segmentation;
  private final LovaszKernels lovasz;

  OpenClBackend(DeviceInfo info, Device device, LaunchGeometry geometry) {
    this.info = info;
    try {
      this.context = own(new Context(device));
      this.queue = own(new Queue(context));
      this.memory = own(new OpenClMemory(context, queue));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    this.pointwise = new OpenClPointwiseKernels(program(geometry, "pointwise", "math.inc"), queue);
    this.reduction = new OpenClReductionKernels(program(geometry, "reduction"));
    this.matrix = new OpenClMatrixKernels(program(geometry, "matrix"));
    this.random = new OpenClRandomKernels(program(geometry, "random", "philox.inc"));
    this.calibration = new OpenClCalibrationKernels(program(geometry, "calibration"));
    this.confusion = new OpenClConfusionKernels(program(geometry, "confusion"));
    this.optimizer =
        new OpenClOptimizerKernels(
            program(geometry, "optimizer", "optimizer.inc", "adam.inc", "sgd.inc"));
    this.segmentation =
        new OpenClSegmentationKernels(
            program(geometry, "segmentation", "math.inc", "segmentation.inc"),
            program(geometry, "segmentation_classes", "math.inc", "segmentation.inc"),
            memory);
    this.lovasz =
        new OpenClLovaszKernels(
            new OpenClLovasz.Programs(
                program(geometry, "lovasz_errors", "math.inc", "lovasz.inc"),
                program(geometry, "lovasz_sort", "math.inc", "lovasz.inc", "lovasz_lists.cl"),
                program(geometry, "lovasz_gradient", "math.inc", "lovasz.inc", "lovasz_lists.cl")),
            memory);
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  private FamilyProgram program(LaunchGeometry geometry, String family, String... included) {
    return own(new FamilyProgram(context, queue, geometry, family, List.of(included)));
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
        System.getLogger(OpenClBackend.class.getName())
            .log(System.Logger.Level.DEBUG, "Closing " + resource + " failed.", e);
      }
    }
  }
}
