package dev.quern.opencl;

import dev.quern.gpu.GpuHost;
import dev.quern.gpu.GpuOptimizerKernels;
import dev.quern.gpu.host.Geometry;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.GpuProgram;
import dev.quern.gpu.host.OwnedResources;
import dev.quern.gpu.host.TransferQueue;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.gpu.loss.LovaszSort;
import dev.quern.gpu.program.BinaryCache;
import dev.quern.gpu.program.KernelSource;
import dev.quern.gpu.program.ProgramBuild;
import dev.quern.opencl.host.Context;
import dev.quern.opencl.host.Device;
import dev.quern.opencl.host.Feature;
import dev.quern.opencl.host.Program;
import dev.quern.opencl.host.Queue;
import dev.quern.opencl.host.Staging;
import dev.quern.spi.optim.OptimizerArena;
import org.jspecify.annotations.Nullable;

/**
 * One open OpenCL device. The program of a family is its {@code .cl} file and what that includes;
 * for a device without fp64 it is rewritten.
 */
final class OpenClHost implements GpuHost {
  private final Context context;
  private final Queue queue;
  private final Geometry geometry;
  private final @Nullable BinaryCache cache;

  OpenClHost(OwnedResources owned, Device device, Geometry geometry) {
    this.context = owned.own(new Context(device));
    this.queue = owned.own(new Queue(context));
    this.geometry = geometry;
    this.cache = device.keepsPrograms() ? null : BinaryCache.ofUser("opencl");
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public TransferQueue openTransfers() {
    return new Staging(context, queue);
  }

  @Override
  public GpuProgram program(String family) {
    String name = family + ".cl";
    return ProgramBuild.recorded(
        name,
        () ->
            new FamilyProgram(
                Program.build(context, cache, name, source(name), options()),
                queue,
                geometry.group()));
  }

  private String source(String name) {
    String source = KernelSource.read(name, OpenClHost.class::getResourceAsStream).inlined();
    return context.device().has(Feature.FP64)
        ? source
        : F64Rewriter.rewrite(resource("f64.cl") + resource("f64_math.cl") + source);
  }

  /** Reads a file of this package. */
  static String resource(String name) {
    return KernelSource.content(name, OpenClHost.class::getResourceAsStream);
  }

  private String options() {
    String options =
        "-cl-std=CL1.2 %s -DQUERN_ARENA_TILE=%d -DQUERN_SORT_CHUNK=%d"
            .formatted(LaunchGeometry.options(geometry), OptimizerArena.TILE, LovaszLayout.CHUNK);
    return context.device().has(Feature.ROUNDED_DIVISION)
        ? options + " -cl-fp32-correctly-rounded-divide-sqrt"
        : options;
  }

  @Override
  public GpuOptimizerKernels optimizer(GpuFamily family) {
    return new OpenClOptimizerKernels(family);
  }

  @Override
  public LovaszSort lovaszSort(GpuFamily sort, GpuFamily gradient) {
    return new OpenClLovaszSort(sort, gradient);
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
