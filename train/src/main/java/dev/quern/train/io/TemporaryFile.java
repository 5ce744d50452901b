package dev.quern.train.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The hidden file beside a final file, in the same folder because a rename is atomic only inside
 * one file system: {@code .quern-PID-HASH.part}, with a hash of the final name, which itself may be
 * as long as the file system allows.
 */
final class TemporaryFile {

  private static final Pattern NAME =
      Pattern.compile("\\.quern-([0-9]{1,18})-[0-9a-f-]{36}\\.part");

  /**
   * A process id says nothing about another machine or container that shares the folder, but a
   * write under way does not rest for so long.
   */
  private static final Duration LONGEST_REST = Duration.ofMinutes(1);

  private TemporaryFile() {}

  static Path of(Path file) {
    byte[] name = String.valueOf(file.getFileName()).getBytes(StandardCharsets.UTF_8);
    return file.resolveSibling(
        ".quern-%s-%s.part"
            .formatted(
                String.valueOf(ProcessHandle.current().pid()), UUID.nameUUIDFromBytes(name)));
  }

  /** Whether a file has such a name. */
  static boolean is(Path file) {
    return NAME.matcher(String.valueOf(file.getFileName())).matches();
  }

  /** Deletes all of a folder that nobody writes to now. */
  static void removeAll(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, TemporaryFile::is)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  /** Deletes those of processes that are gone; what cannot be listed or deleted stays. */
  static void removeLeftovers(Path folder) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".quern-*.part")) {
      for (Path file : files) {
        if (isLeft(file)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException | DirectoryIteratorException _) {
      // No work depends on it, and the next process tries again.
    }
  }

  private static boolean isLeft(Path file) throws IOException {
    Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
    if (!name.matches() || ProcessHandle.of(Long.parseLong(name.group(1))).isPresent()) {
      return false;
    }
    Instant written = Files.getLastModifiedTime(file).toInstant();
    return written.isBefore(Instant.now().minus(LONGEST_REST));
  }
}
