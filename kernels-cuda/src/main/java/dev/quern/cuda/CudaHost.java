package dev.quern.cuda;

import dev.quern.DeviceException;
import dev.quern.cuda.host.Context;
import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Module;
import dev.quern.cuda.host.Queue;
import dev.quern.cuda.host.Staging;
import dev.quern.gpu.GpuHost;
import dev.quern.gpu.GpuOptimizerKernels;
import dev.quern.gpu.host.Geometry;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.GpuProgram;
import dev.quern.gpu.host.OwnedResources;
import dev.quern.gpu.host.TransferQueue;
import dev.quern.gpu.loss.LovaszSort;
import dev.quern.gpu.program.ProgramBuild;

/** One open CUDA device. The program of a family is its image. */
final class CudaHost implements GpuHost {
  /**
   * The constants of {@code prelude.cuh}: 256 threads, of which each takes four elements at once.
   */
  static final Geometry GEOMETRY = new Geometry(256, 1024, 4096);

  private final KernelImages images;
  private final Context context;
  private final Queue queue;

  /**
   * Opens a device.
   *
   * @param images its kernels
   */
  CudaHost(OwnedResources owned, Device device, KernelImages images) {
    this.images = images;
    this.context = owned.own(new Context(device));
    this.queue = owned.own(new Queue(context));
  }

  @Override
  public Geometry geometry() {
    return GEOMETRY;
  }

  @Override
  public TransferQueue openTransfers() {
    return new Staging(context, queue);
  }

  @Override
  public GpuProgram program(String family) {
    String name = family + ".cu";
    return ProgramBuild.recorded(
        name, () -> new FamilyModule(family, load(name, family), queue, GEOMETRY.group()));
  }

  private Module load(String name, String family) {
    try {
      return new Module(context, name, images.image(family));
    } catch (DeviceException e) {
      byte[] another = images.anew(family);
      if (another == null) {
        throw e;
      }
      System.getLogger(CudaHost.class.getName())
          .log(System.Logger.Level.DEBUG, "The driver refuses the compiled " + name + ".", e);
      return new Module(context, name, another);
    }
  }

  @Override
  public GpuOptimizerKernels optimizer(GpuFamily family) {
    return new CudaOptimizerKernels(family);
  }

  @Override
  public LovaszSort lovaszSort(GpuFamily sort, GpuFamily gradient) {
    return new CudaLovaszSort(sort);
  }

  /** Returns how many kernels were enqueued so far. */
  long launches() {
    return queue.launches();
  }

  @Override
  public void finish() {
    queue.finish();
  }

  @Override
  public void settle() {
    queue.settle();
  }
}
