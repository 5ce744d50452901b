package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import dev.quern.DeviceInfo;
import dev.quern.gpu.GpuBackend;
import dev.quern.gpu.host.Geometry;
import dev.quern.opencl.host.Device;
import dev.quern.opencl.host.Platforms;
import dev.quern.spi.Backend;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.function.Executable;

/**
 * Opens the first OpenCL device for a test. Where there is none the test is skipped with the
 * reasons, or fails with them if {@code QUERN_REQUIRE} names opencl.
 */
public final class OpenClTesting {
  private OpenClTesting() {}

  /** Opens the device as a backend. */
  public static Backend open() {
    device();
    return new OpenClProvider().open(0);
  }

  /** Opens a device as a backend, cutting work in a certain way, and shows what is below it. */
  static Backend open(Device device, Geometry geometry, Consumer<OpenClHost> watcher) {
    var info =
        new DeviceInfo(
            "opencl",
            0,
            device.name(),
            device.kind(),
            device.memoryBytes(),
            device.computeUnits(),
            device.driver(),
            List.of());
    return new GpuBackend(
        info,
        owned -> {
          var host = new OpenClHost(owned, device, geometry);
          watcher.accept(host);
          return host;
        });
  }

  /** Runs a call that has to fail with an exception of that class, and returns its message. */
  public static String failure(Class<? extends RuntimeException> type, Executable call) {
    return String.valueOf(assertThrows(type, call).getMessage());
  }

  /** Returns the device. */
  public static Device device() {
    Platforms.Discovery found = Platforms.discover();
    if (found.devices().isEmpty()) {
      String why = "No OpenCL device: " + String.join(" ", found.reasons());
      String required = System.getenv().getOrDefault("QUERN_REQUIRE", "");
      if (List.of(required.split(",", -1)).contains("opencl")) {
        fail(why);
      }
      Assumptions.abort(why);
    }
    return found.devices().getFirst();
  }
}
