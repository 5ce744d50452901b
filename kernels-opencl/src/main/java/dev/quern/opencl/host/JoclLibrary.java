package dev.quern.opencl.host;

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
    if (isLoaderMissing()) {
      return LOADER_MISSING;
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
    } catch (LinkageError e) {
      return saysLoaderMissing(e)
          ? LOADER_MISSING
          : "JOCL's library cannot be loaded on this platform ("
              + e.getMessage()
              + "): put JOCL's library for it on java.library.path.";
    } finally {
      System.setProperty(TEMPORARY_FOLDER, before);
      delete(folder);
    }
  }

  /**
   * Looks for the loader without JOCL, which would write to the standard error stream that it is
   * missing. Only where native access is enabled, so as not to cause a warning instead.
   */
  @SuppressWarnings("restricted")
  private static boolean isLoaderMissing() {
    boolean linux = System.getProperty("os.name", "").equals("Linux");
    if (!linux || !JoclLibrary.class.getModule().isNativeAccessEnabled()) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      var _ = SymbolLookup.libraryLookup("libOpenCL.so.1", arena);
      return false;
    } catch (IllegalArgumentException e) {
      return true;
    }
  }

  /** Tells whether JOCL could be loaded, but not the loader. */
  private static boolean saysLoaderMissing(Throwable error) {
    for (@Nullable Throwable e = error; e != null; e = e.getCause()) {
      if (String.valueOf(e.getMessage()).contains("Implementation library could not be loaded")) {
        return true;
      }
    }
    return false;
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
