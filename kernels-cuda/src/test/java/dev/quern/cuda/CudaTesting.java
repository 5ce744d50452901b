package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import dev.quern.DType;
import dev.quern.gpu.GpuBackend;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.function.Executable;

/**
 * Opens the first CUDA device for a test. Where there is none the test is skipped with the reasons,
 * or fails with them if {@code QUERN_REQUIRE} names cuda.
 */
public final class CudaTesting {
  private CudaTesting() {}

  /** Opens the device as a backend. */
  public static Backend open() {
    requireDevice();
    return new CudaProvider().open(0);
  }

  /** Opens the device as a backend, and shows what is below it. */
  static Backend open(Consumer<CudaHost> watcher) {
    requireDevice();
    CudaDevices found = CudaDevices.discover();
    CudaDevices.Usable usable = found.usable().getFirst();
    return new GpuBackend(
        found.describe(0),
        owned -> {
          var host = new CudaHost(owned, usable.device(), usable.images());
          watcher.accept(host);
          return host;
        });
  }

  private static void requireDevice() {
    if (new CudaProvider().probe() instanceof Availability.Unavailable(var reasons)) {
      String why = "No CUDA device: " + String.join(" ", reasons);
      String required = System.getenv().getOrDefault("QUERN_REQUIRE", "");
      if (List.of(required.split(",", -1)).contains("cuda")) {
        fail(why);
      }
      Assumptions.abort(why);
    }
  }

  /** Runs a call that has to fail with an exception of that class, and returns its message. */
  public static String failure(Class<? extends RuntimeException> type, Executable call) {
    return String.valueOf(assertThrows(type, call).getMessage());
  }

  /** Brings data to the device. */
  static Span upload(Backend backend, DType dtype, MemorySegment data) {
    DeviceBuffer buffer = backend.memory().allocate(data.byteSize());
    backend.memory().upload(data, buffer, 0);
    return Span.of(buffer, dtype, data.byteSize() / dtype.bytes());
  }

  /** Brings floats to the device. */
  static Span upload(Backend backend, float[] data) {
    return upload(backend, DType.F32, MemorySegment.ofArray(data));
  }

  /** Brings floats back. */
  static float[] download(Backend backend, Span span) {
    float[] data = new float[(int) span.length()];
    backend.memory().download(span.buffer(), span.byteOffset(), MemorySegment.ofArray(data));
    return data;
  }
}
