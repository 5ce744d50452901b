package dev.quern.simd;

import dev.quern.DeviceInfo;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.host.JavaMachine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Provides the SIMD backend where the Vector API is there and vectors have at least 128 bits. This
 * class names no vector type, so it loads without the incubator module too.
 */
public final class SimdProvider implements BackendProvider {
  private static final String MODULE = "jdk.incubator.vector";

  /** Creates the provider; called by the service loader. */
  public SimdProvider() {}

  @Override
  public String name() {
    return "simd";
  }

  @Override
  public int priority() {
    return 200;
  }

  @Override
  public Availability probe() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return new Availability.Unavailable(
          List.of("The Vector API is off: start Java with --add-modules " + MODULE + "."));
    }
    int bits = Machine.vectorBits();
    if (bits < 128) {
      return new Availability.Unavailable(
          List.of(
              "The Vector API has vectors of "
                  + bits
                  + " bits here and at least 128 are needed: start Java with its optimizing compiler"
                  + " on and without -XX:UseSSE, -XX:UseAVX or -XX:MaxVectorSize."));
    }
    List<String> obstacles = JavaMachine.vectorObstacles();
    if (!obstacles.isEmpty()) {
      return new Availability.Unavailable(obstacles);
    }
    try {
      return new Availability.Available(List.of(device(bits, WorkerPool.threadsWanted())));
    } catch (IllegalArgumentException e) {
      return new Availability.Unavailable(List.of(String.valueOf(e.getMessage())));
    }
  }

  @Override
  public Backend open(int device) {
    return open(WorkerPool.shared());
  }

  @Override
  public Backend open(int device, int threads) {
    return open(WorkerPool.shared().limitedTo(threads));
  }

  private static Backend open(WorkerPool pool) {
    return new SimdBackend(device(Machine.vectorBits(), pool.threads()), pool);
  }

  @Override
  public @Nullable ArrayKernels arrays() {
    return probe() instanceof Availability.Available ? Arrays.KERNELS : null;
  }

  private static final class Arrays {
    static final ArrayKernels KERNELS = new SimdArrayKernels(WorkerPool.shared());
  }

  private static DeviceInfo device(int bits, int threads) {
    return new DeviceInfo(
        "simd",
        0,
        bits + "-bit vectors, " + threads + (threads == 1 ? " thread" : " threads"),
        DeviceInfo.Kind.CPU,
        0,
        threads,
        "Java " + Runtime.version(),
        List.of());
  }
}
