package dev.quern.train.io;

import dev.quern.train.BadInputException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a file whole or not at all: the bytes go to a temporary file in the same folder, are
 * forced to the disk, and take the final name by an atomic rename. When a write fails, the
 * temporary file is removed and a file that was there before stays as it was.
 */
public final class AtomicFile {

  private AtomicFile() {}

  /** Writes the content of one file. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes everything to the stream; the stream is closed by the caller.
     *
     * @param out buffered stream of the temporary file
     * @throws IOException when the stream refuses the bytes
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Creates the folder of {@code file} and tries a temporary file in it, so that long work does not
   * begin whose result could not be kept.
   *
   * @param file the final name
   * @throws BadInputException when nothing can be written there, with the reason the system gave
   */
  public static void requireWritable(Path file) {
    if (Files.isDirectory(file)) {
      throw new BadInputException(
          "Cannot write %s: it is a folder; name a file in it.".formatted(file));
    }
    Path temporary = beside(file);
    try {
      createFolder(temporary);
      Files.deleteIfExists(temporary);
      Files.createFile(temporary);
      Files.delete(temporary);
    } catch (IOException e) {
      throw refused(file, e);
    }
  }

  /**
   * Replaces or creates {@code file}.
   *
   * @param file the final name; its folder is created when missing
   * @param content writes the bytes
   * @throws BadInputException when the file cannot be written, with the reason the system gave
   */
  public static void write(Path file, Content content) {
    Path absolute = file.toAbsolutePath().normalize();
    Path temporary = beside(file);
    try {
      createFolder(temporary);
      Files.deleteIfExists(temporary);
      try (FileChannel channel =
              FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
        content.writeTo(out);
        out.flush();
        channel.force(true);
      }
      Files.move(
          temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      BadInputException failure = refused(file, e);
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException left) {
        failure.addSuppressed(left);
      }
      throw failure;
    }
  }

  /** Beside the final file, because a rename is atomic only inside one file system. */
  private static Path beside(Path file) {
    Path absolute = file.toAbsolutePath().normalize();
    return absolute.resolveSibling(
        "." + absolute.getFileName() + "." + ProcessHandle.current().pid() + ".part");
  }

  private static void createFolder(Path file) throws IOException {
    Path folder = file.getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
  }

  private static BadInputException refused(Path file, IOException e) {
    return new BadInputException(
        "Cannot write %s: %s; free space or choose another folder (nothing partial was left)."
            .formatted(file, IoReason.of(e)),
        e);
  }

  /**
   * Replaces or creates a text file in UTF-8.
   *
   * @param file the final name
   * @param text its whole content
   * @throws BadInputException when the file cannot be written
   */
  public static void writeText(Path file, String text) {
    write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }
}
