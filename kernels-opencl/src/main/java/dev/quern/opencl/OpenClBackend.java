package dev.quern.opencl;

import dev.quern.DeviceInfo;
import dev.quern.opencl.host.Context;
import dev.quern.opencl.host.Device;
import dev.quern.opencl.host.Queue;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Kernels;
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
  private final Kernels kernels;

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
    this.kernels =
        new Kernels(
            new OpenClPointwiseKernels(program(geometry, "pointwise", "math.inc"), queue),
            new OpenClReductionKernels(program(geometry, "reduction")),
            new OpenClMatrixKernels(program(geometry, "matrix")),
            new OpenClRandomKernels(program(geometry, "random", "philox.inc")),
            new OpenClSegmentationKernels(
                program(geometry, "segmentation", "math.inc", "segmentation.inc"),
                program(geometry, "segmentation_classes", "math.inc", "segmentation.inc"),
                memory),
            new OpenClLovaszKernels(
                new OpenClLovasz.Programs(
                    program(geometry, "lovasz_errors", "math.inc", "lovasz.inc"),
                    program(geometry, "lovasz_sort", "math.inc", "lovasz.inc", "lovasz_lists.cl"),
                    program(
                        geometry, "lovasz_gradient", "math.inc", "lovasz.inc", "lovasz_lists.cl")),
                memory),
            new OpenClConfusionKernels(program(geometry, "confusion")),
            new OpenClOptimizerKernels(
                program(geometry, "optimizer", "optimizer.inc", "adam.inc", "sgd.inc")),
            new OpenClCalibrationKernels(program(geometry, "calibration")));
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
        System.getLogger(OpenClBackend.class.getName())
            .log(System.Logger.Level.DEBUG, "Closing " + resource + " failed.", e);
      }
    }
  }
}
