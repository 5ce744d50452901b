package dev.quern.opencl;

import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.gpu.program.BinaryCache;
import dev.quern.gpu.program.Formulas;
import dev.quern.gpu.program.ProgramBuild;
import dev.quern.opencl.host.Context;
import dev.quern.opencl.host.Feature;
import dev.quern.opencl.host.Kernel;
import dev.quern.opencl.host.Program;
import dev.quern.opencl.host.Queue;
import dev.quern.spi.optim.OptimizerArena;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The kernels of one family on one device: its {@code .cl} file behind the prelude and the files it
 * uses, compiled at the first call. For a device without fp64 it is rewritten first.
 */
final class FamilyProgram implements AutoCloseable {
  private final Context context;
  private final @Nullable BinaryCache cache;
  private final Queue queue;
  private final LaunchGeometry geometry;
  private final String family;
  private final List<String> included;
  private final Map<String, Kernel> kernels = new HashMap<>();
  private @Nullable Program program;

  /**
   * Compiles nothing yet.
   *
   * @param included formulas ({@code .inc}) and files of this package ({@code .cl})
   */
  FamilyProgram(
      Context context, Queue queue, LaunchGeometry geometry, String family, List<String> included) {
    this.context = context;
    this.cache = context.device().keepsPrograms() ? null : BinaryCache.ofUser("opencl");
    this.queue = queue;
    this.geometry = geometry;
    this.family = family;
    this.included = included;
  }

  LaunchGeometry geometry() {
    return geometry;
  }

  /** Returns an entry, to be given arguments in the order of its signature. */
  Kernel kernel(String name) {
    Kernel known = kernels.get(name);
    if (known != null) {
      return known;
    }
    Kernel kernel = program().kernel(name);
    kernels.put(name, kernel);
    return kernel;
  }

  /** Enqueues an entry that was given all its arguments; nothing for no group. */
  void launch(Kernel kernel, long groups) {
    queue.launch(kernel, groups, geometry.groupSize());
  }

  private Program program() {
    if (program == null) {
      String name = family + ".cl";
      program =
          ProgramBuild.recorded(
              name, () -> Program.build(context, cache, name, source(), options()));
    }
    return program;
  }

  private String source() {
    boolean emulated = !context.device().has(Feature.FP64);
    var source = new StringBuilder();
    if (emulated) {
      source.append(resource("f64.cl")).append(resource("f64_math.cl"));
    }
    source.append(resource("prelude.cl"));
    for (String name : included) {
      source.append(name.endsWith(".inc") ? Formulas.source(name) : resource(name));
    }
    source.append(resource(family + ".cl"));
    return emulated ? F64Rewriter.rewrite(source.toString()) : source.toString();
  }

  private String options() {
    String options =
        "-cl-std=CL1.2 %s -DQUERN_ARENA_TILE=%d -DQUERN_SORT_CHUNK=%d"
            .formatted(geometry.options(), OptimizerArena.TILE, LovaszLayout.CHUNK);
    return context.device().has(Feature.ROUNDED_DIVISION)
        ? options + " -cl-fp32-correctly-rounded-divide-sqrt"
        : options;
  }

  /** Reads a file of this package. */
  static String resource(String name) {
    try (InputStream in = FamilyProgram.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("The kernel source " + name + " is missing.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading the kernel source " + name + " failed.", e);
    }
  }

  @Override
  public void close() {
    kernels.values().forEach(Kernel::close);
    kernels.clear();
    if (program != null) {
      program.close();
    }
  }
}
