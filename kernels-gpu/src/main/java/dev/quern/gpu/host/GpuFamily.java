package dev.quern.gpu.host;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The kernels of one family on one device, compiled or loaded when they are first wanted. That may
 * be beside launches, from another thread; all else is called under the engine's lock.
 */
public final class GpuFamily implements AutoCloseable {
  private final String name;
  private final Geometry geometry;
  private final Supplier<GpuProgram> builder;
  private final Map<String, Launch> kernels = new HashMap<>();
  private final Object building = new Object();
  private @Nullable GpuProgram program;
  private boolean closed;

  /**
   * Builds nothing yet.
   *
   * @param name the name of its source
   * @param geometry how its kernels cut their work
   * @param builder compiles or loads them
   */
  public GpuFamily(String name, Geometry geometry, Supplier<GpuProgram> builder) {
    this.name = name;
    this.geometry = geometry;
    this.builder = builder;
  }

  /**
   * Tells how work is cut.
   *
   * @return the geometry of the device
   */
  public Geometry geometry() {
    return geometry;
  }

  /**
   * Finds an entry.
   *
   * @param entry its name
   * @return the kernel, to be given its arguments from the first on
   */
  public Launch kernel(String entry) {
    Launch known = kernels.get(entry);
    if (known == null) {
      known = program().kernel(entry);
      kernels.put(entry, known);
    }
    return known.restart();
  }

  /** Compiles or loads the kernels unless it is done; from any thread. */
  public void build() {
    var _ = program();
  }

  private GpuProgram program() {
    synchronized (building) {
      if (closed) {
        throw new IllegalStateException("The kernels of " + name + " were closed.");
      }
      if (program == null) {
        program = builder.get();
      }
      return program;
    }
  }

  /** Gives the program back, when a build under way has ended. Idempotent. */
  @Override
  public void close() {
    synchronized (building) {
      closed = true;
      kernels.clear();
      if (program != null) {
        program.close();
      }
    }
  }
}
