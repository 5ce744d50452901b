package dev.quern.cuda.host;

import dev.quern.gpu.host.LoadFailure;
import dev.quern.gpu.host.NativeLibrary;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** Loads JCuda's native library of the driver interface, as {@link NativeLibrary} does. */
final class JCudaLibrary {
  private JCudaLibrary() {}

  /** Loads it, once per process; returns why it cannot be, or null. */
  static @Nullable String load() {
    return Loaded.FAILURE;
  }

  private static final class Loaded {
    static final @Nullable String FAILURE =
        NativeLibrary.load(
            "JCuda", () -> JCudaDriver.setExceptionsEnabled(true), JCudaLibrary::explain);
  }

  private static String explain(Throwable failure) {
    return LoadFailure.says(failure, "libcuda.so.1")
        ? "libcuda.so.1 not found: install the NVIDIA driver."
        : LoadFailure.explain(
            failure,
            "JCuda",
            "dev.quern.cuda,jcuda",
            "JCuda's library libJCudaDriver is not here: add org.jcuda:jcuda-natives of JCuda's"
                + " version with the classifier linux-x86_64, or put the library on"
                + " java.library.path.");
  }
}
