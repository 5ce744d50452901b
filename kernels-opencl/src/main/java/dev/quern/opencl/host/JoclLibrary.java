package dev.quern.opencl.host;

import dev.quern.gpu.program.LoadFailure;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.stream.Stream;
import org.jocl.CL;
import org.jspecify.annotations.Nullable;

/**
 * Loads JOCL's native library. JOCL looks on {@code java.library.path} and in the runtime image
 * first; failing that it unpacks its library to a fixed name in the temporary folder and would load
 * whatever already lies there, so for that moment it is given a folder that only this process's
 * user can write.
 */
final class JoclLibrary {
  private static final String TEMPORARY_FOLDER = "java.io.tmpdir";

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
    String before = System.getProperty(TEMPORARY_FOLDER);
    @Nullable Path folder = null;
    try {
      folder = Files.createTempDirectory("quern-jocl").toAbsolutePath();
      System.setProperty(TEMPORARY_FOLDER, folder.toString());
      CL.setExceptionsEnabled(true);
      return null;
    } catch (IOException e) {
      return "JOCL's library cannot be unpacked to "
          + before
          + " ("
          + e.getMessage()
          + "): name a writable folder by -Djava.io.tmpdir.";
    } catch (LinkageError | IllegalCallerException e) {
      return explain(e);
    } finally {
      System.setProperty(TEMPORARY_FOLDER, before);
      delete(folder);
    }
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

  /** Deletes the folder; a loaded library needs its file no more. */
  private static void delete(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    var paths = new ArrayDeque<Path>();
    try (Stream<Path> files = Files.walk(folder)) {
      files.forEach(paths::push);
      for (Path path : paths) {
        Files.delete(path);
      }
    } catch (IOException e) {
      System.getLogger(JoclLibrary.class.getName())
          .log(System.Logger.Level.DEBUG, "The temporary folder " + folder + " remains.", e);
    }
  }
}
