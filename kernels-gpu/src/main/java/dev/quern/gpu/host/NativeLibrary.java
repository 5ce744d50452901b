package dev.quern.gpu.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Loads the native library of a binding that looks on {@code java.library.path} and in the runtime
 * image first; failing that it unpacks its library to a fixed name in the temporary folder and
 * would load whatever already lies there, so for that moment it is given a folder that only this
 * process's user can write.
 */
public final class NativeLibrary {
  private static final String TEMPORARY_FOLDER = "java.io.tmpdir";

  private NativeLibrary() {}

  /**
   * Loads a library, one at a time: meanwhile the process has another temporary folder.
   *
   * @param binding whose it is, for example {@code JOCL}
   * @param load has the binding load it
   * @param explain the sentence for what loading threw
   * @return why it cannot be loaded, or null
   */
  public static synchronized @Nullable String load(
      String binding, Runnable load, Function<Throwable, String> explain) {
    String before = System.getProperty(TEMPORARY_FOLDER);
    @Nullable Path folder = null;
    try {
      folder =
          Files.createTempDirectory("quern-" + binding.toLowerCase(Locale.ROOT)).toAbsolutePath();
      System.setProperty(TEMPORARY_FOLDER, folder.toString());
      load.run();
      return null;
    } catch (IOException e) {
      return binding
          + "'s library cannot be unpacked to "
          + before
          + " ("
          + e.getMessage()
          + "): name a writable folder by -Djava.io.tmpdir.";
    } catch (LinkageError | IllegalCallerException e) {
      return explain.apply(e);
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
      System.getLogger(NativeLibrary.class.getName())
          .log(System.Logger.Level.DEBUG, "The temporary folder " + folder + " remains.", e);
    }
  }
}
