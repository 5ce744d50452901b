package dev.quern.train.io;

import dev.quern.train.message.BadInputException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a file whole or not at all: the bytes go to a {@link TemporaryFile} in the same folder,
 * are forced to the disk, and take the final name by an atomic rename. When a write fails, the
 * temporary file is removed and a file that was there before stays as it was. A link is followed,
 * and what is no file, such as a device or a pipe, is written to as it is.
 */
public final class AtomicFile {

  /** What the usual file systems take; they count bytes, not letters. */
  private static final int LONGEST_NAME = 255;

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
   * begin whose result could not be kept. Removes what killed processes left there.
   *
   * @param file the final name
   * @throws BadInputException when nothing can be written there, with the reason the system gave
   */
  public static void requireWritable(Path file) {
    requireName(file);
    if (Files.isDirectory(file)) {
      throw new BadInputException(
          "Cannot write %s: it is a folder; name a file in it.".formatted(file));
    }
    try {
      Path target = target(file);
      if (isDevice(target)) {
        requireWritableDevice(target);
        return;
      }
      Path temporary = TemporaryFile.of(target);
      createFolder(temporary);
      Files.deleteIfExists(temporary);
      Files.createFile(temporary);
      Files.delete(temporary);
      removeLeftovers(temporary.resolveSibling(""));
    } catch (IOException e) {
      throw refused(file, e);
    }
  }

  /**
   * Deletes the temporary files of processes that were killed while they wrote.
   *
   * @param folder whose files are looked at, but not those of its folders
   */
  public static void removeLeftovers(Path folder) {
    TemporaryFile.removeLeftovers(folder);
  }

  /**
   * Deletes the temporary files of a folder that nobody else writes to now.
   *
   * @param folder whose files are looked at, but not those of its folders
   * @throws IOException when one cannot be deleted
   */
  public static void removeTemporaries(Path folder) throws IOException {
    TemporaryFile.removeAll(folder);
  }

  /**
   * Whether a file is one that is being written, or was when its process was killed.
   *
   * @param file any path
   * @return true for the names of temporary files
   */
  public static boolean isTemporary(Path file) {
    return TemporaryFile.is(file);
  }

  /**
   * Replaces or creates {@code file}.
   *
   * @param file the final name; its folder is created when missing
   * @param content writes the bytes
   * @throws BadInputException when the file cannot be written, with the reason the system gave
   */
  public static void write(Path file, Content content) {
    requireName(file);
    try {
      Path target = target(file);
      if (isDevice(target)) {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target))) {
          content.writeTo(out);
        }
      } else {
        replace(target, content);
      }
    } catch (IOException e) {
      throw refused(file, e);
    }
  }

  private static void replace(Path target, Content content) throws IOException {
    Path temporary = TemporaryFile.of(target);
    createFolder(temporary);
    Files.deleteIfExists(temporary);
    try {
      try (FileChannel channel =
              FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
        content.writeTo(out);
        out.flush();
        channel.force(true);
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Where the bytes belong; a rename would put a file in the place of a link. */
  private static Path target(Path file) throws IOException {
    return Files.exists(file) ? file.toRealPath() : file.toAbsolutePath().normalize();
  }

  private static boolean isDevice(Path target) {
    return Files.exists(target) && !Files.isRegularFile(target) && !Files.isDirectory(target);
  }

  private static void requireWritableDevice(Path device) throws IOException {
    if (!Files.isWritable(device)) {
      throw new AccessDeniedException(device.toString());
    }
  }

  private static void createFolder(Path file) throws IOException {
    Path folder = file.getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
  }

  /** The temporary file's name is short, so that only the rename would find this out. */
  private static void requireName(Path file) {
    for (Path part : file) {
      int bytes = part.toString().getBytes(StandardCharsets.UTF_8).length;
      if (bytes > LONGEST_NAME) {
        throw new BadInputException(
            "Cannot write %s: the name %s has %d bytes, and file systems take %d; give a shorter one."
                .formatted(file, part, bytes, LONGEST_NAME));
      }
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
