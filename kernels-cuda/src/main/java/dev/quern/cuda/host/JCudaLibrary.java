package dev.quern.cuda.host;

import dev.quern.gpu.program.LoadFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Loads JCuda's native library of the driver interface. JCuda looks on {@code java.library.path}
 * and in the runtime image first; failing that it unpacks its library to a fixed name in the
 * temporary folder and would load whatever already lies there, so for that moment it is given a
 * folder that only this process's user can write.
 */
final class JCudaLibrary {
  private static final String TEMPORARY_FOLDER = "java.io.tmpdir";

  private JCudaLibrary() {}

  /** Loads it, once per process; returns why it cannot be, or null. */
  static @Nullable String load() {
    return Loaded.FAILURE;
  }

  private static final class Loaded {
    static final @Nullable String FAILURE = tryLoad();
  }

  private static @Nullable String tryLoad() {
    String before = System.getProperty(TEMPORARY_FOLDER);
    @Nullable Path folder = null;
    try {
      folder = Files.createTempDirectory("quern-jcuda").toAbsolutePath();
      System.setProperty(TEMPORARY_FOLDER, folder.toString());
      JCudaDriver.setExceptionsEnabled(true);
      return null;
    } catch (IOException e) {
      return "JCuda's library cannot be unpacked to "
          + before
          + " ("
          + e.getMessage()
          + "): name a writable folder by -Djava.io.tmpdir.";
    } catch (LinkageError | IllegalCallerException e) {
      return LoadFailure.says(e, "libcuda.so.1")
          ? "libcuda.so.1 not found: install the NVIDIA driver."
          : LoadFailure.explain(
              e,
              "JCuda",
              "dev.quern.cuda,jcuda",
              "JCuda's library libJCudaDriver is not here: add org.jcuda:jcuda-natives of JCuda's"
                  + " version with the classifier linux-x86_64, or put the library on"
                  + " java.library.path.");
    } finally {
      System.setProperty(TEMPORARY_FOLDER, before);
      delete(folder);
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
      System.getLogger(JCudaLibrary.class.getName())
          .log(System.Logger.Level.DEBUG, "The temporary folder " + folder + " remains.", e);
    }
  }
}
