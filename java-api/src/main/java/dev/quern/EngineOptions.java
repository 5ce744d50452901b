package dev.quern;

import dev.quern.engine.Providers;
import org.jspecify.annotations.Nullable;

/**
 * How an engine is opened.
 *
 * @param backend the backend, or the backend and a device number ({@code simd}, {@code opencl:1}),
 *     which is binding; null, the default, for the best device
 * @param threads the most threads that work on one call, the caller's among them, on simd, whose
 *     pool has {@code quern.threads} of them or one per processor; 0, the default, for all. Values
 *     do not depend on it
 * @param memoryLimit the most device memory that the engine takes, in bytes, what it keeps for
 *     reuse included; 0, the default, for no limit but the device's
 * @param loader where backends are looked for besides the loader of these classes; null, the
 *     default, for the calling thread's context class loader
 * @param layer a module layer in which backends are looked for instead of a loader; null, the
 *     default, for none
 */
public record EngineOptions(
    @Nullable String backend,
    int threads,
    long memoryLimit,
    @Nullable ClassLoader loader,
    @Nullable ModuleLayer layer) {

  /** Checks the ranges. */
  public EngineOptions {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must be at least 0, got " + threads + ".");
    }
    if (memoryLimit < 0) {
      throw new IllegalArgumentException(
          "memoryLimit must be at least 0 bytes, got " + memoryLimit + ".");
    }
    if (loader != null && layer != null) {
      throw new IllegalArgumentException(
          "Backends are looked for in a class loader or in a module layer, and both are given.");
    }
  }

  /** Creates the defaults. */
  public EngineOptions() {
    this(null, 0, 0, null, null);
  }

  /**
   * Names the backend.
   *
   * @param name a backend, or a backend and a device number: {@code simd}, {@code opencl:1}
   * @return options that differ in this
   */
  public EngineOptions withBackend(String name) {
    return new EngineOptions(name, threads, memoryLimit, loader, layer);
  }

  /**
   * Caps the threads that take part in a call.
   *
   * @param most at least 1; 0 for all
   * @return options that differ in this
   */
  public EngineOptions withThreads(int most) {
    return new EngineOptions(backend, most, memoryLimit, loader, layer);
  }

  /**
   * Limits the device memory.
   *
   * @param bytes the most that the engine takes; 0 for no limit
   * @return options that differ in this
   */
  public EngineOptions withMemoryLimit(long bytes) {
    return new EngineOptions(backend, threads, bytes, loader, layer);
  }

  /**
   * Looks for backends in a class loader too.
   *
   * @param more a loader that sees backends, and whose parent loaded these classes
   * @return options that differ in this
   */
  public EngineOptions withLoader(ClassLoader more) {
    return new EngineOptions(backend, threads, memoryLimit, more, null);
  }

  /**
   * Looks for backends in a module layer too.
   *
   * @param more a layer with backends, whose parents have the module {@code dev.quern}
   * @return options that differ in this
   */
  public EngineOptions withLayer(ModuleLayer more) {
    return new EngineOptions(backend, threads, memoryLimit, null, more);
  }

  Providers providers() {
    if (layer != null) {
      return Providers.of(layer);
    }
    return Providers.of(loader == null ? Thread.currentThread().getContextClassLoader() : loader);
  }
}
