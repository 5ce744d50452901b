package dev.quern.opencl.host;

import dev.quern.gpu.host.LoadFailure;
import dev.quern.gpu.host.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import org.jocl.CL;
import org.jspecify.annotations.Nullable;

/** Loads JOCL's native library, as {@link NativeLibrary} does. */
final class JoclLibrary {
  static final String LOADER_MISSING =
      "libOpenCL.so.1 cannot be loaded: install an ICD loader, e.g. Debian's ocl-icd-libopencl1, and the"
          + " OpenCL driver of your device.";

  private JoclLibrary() {}

  /** Loads it, once per process; returns why it cannot be, or null. */
  static @Nullable String load() {
    return Loaded.FAILURE;
  }

  private static final class Loaded {
    static final @Nullable String FAILURE = tryLoad();
  }

  private static @Nullable String tryLoad() {
    try {
      if (isLoaderMissing()) {
        return LOADER_MISSING;
      }
    } catch (IllegalCallerException e) {
      return explain(e);
    }
    return NativeLibrary.load("JOCL", () -> CL.setExceptionsEnabled(true), JoclLibrary::explain);
  }

  private static String explain(Throwable e) {
    return LoadFailure.says(e, "Implementation library could not be loaded")
        ? LOADER_MISSING
        : LoadFailure.explain(
            e,
            "JOCL",
            "dev.quern.opencl,jocl",
            "JOCL has no library for this platform, "
                + System.getProperty("os.name")
                + " "
                + System.getProperty("os.arch")
                + ": put one on java.library.path.");
  }

  /**
   * Looks for the loader without JOCL, which would write to the standard streams that it is
   * missing.
   */
  @SuppressWarnings("restricted")
  private static boolean isLoaderMissing() {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      var _ = SymbolLookup.libraryLookup("libOpenCL.so.1", arena);
      return false;
    } catch (IllegalArgumentException e) {
      return true;
    }
  }
}
