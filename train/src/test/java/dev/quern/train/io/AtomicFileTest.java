package dev.quern.train.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir Path folder;

  @Test
  void replacesAFileAndLeavesNothingElse() throws IOException {
    Path deep = folder.resolve("deep/er");
    Path file = deep.resolve("file.txt");
    AtomicFile.writeText(file, "one");
    AtomicFile.writeText(file, "two");
    assertEquals("two", Files.readString(file));
    assertEquals(1, entries(deep));
  }

  @Test
  void aWriteThatFailsInTheMiddleLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("file.txt");
    AtomicFile.writeText(file, "old");
    BadInputException e =
        assertThrows(
            BadInputException.class,
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      out.write(new byte[200_000]);
                      throw new IOException("no space left on device");
                    }));
    assertTrue(String.valueOf(e.getMessage()).contains("file.txt: no space left on device"));
    assertEquals("old", Files.readString(file));
    assertEquals(1, entries(folder));
  }

  @Test
  void saysWhyAFolderCannotBeUsed() throws IOException {
    Path plain = Files.writeString(folder.resolve("plain"), "");
    BadInputException e =
        assertThrows(
            BadInputException.class, () -> AtomicFile.writeText(plain.resolve("x"), "text"));
    assertTrue(String.valueOf(e.getMessage()).startsWith("Cannot write " + plain), e.getMessage());
  }

  @Test
  void namesOfTwoHundredAndFiftyFiveBytes() throws IOException {
    for (String name : List.of("n".repeat(255), "\u00e9".repeat(127) + "n")) {
      Path file = folder.resolve(name);
      AtomicFile.requireWritable(file);
      AtomicFile.writeText(file, "text");
      assertEquals("text", Files.readString(file));
    }
    assertEquals(2, entries(folder));
  }

  @Test
  void namesThatAreTooLong() {
    for (String name : List.of("n".repeat(256), "\u00e9".repeat(128))) {
      for (Path file : List.of(folder.resolve(name), folder.resolve(name).resolve("inside"))) {
        String message = refusal(() -> AtomicFile.requireWritable(file));
        assertTrue(message.contains("has 256 bytes, and file systems take 255"), message);
        assertEquals(message, refusal(() -> AtomicFile.writeText(file, "text")));
      }
    }
  }

  @Test
  void filesOfTheSameBeginningHaveTemporariesOfTheirOwn() {
    Path one = TemporaryFile.of(folder.resolve("n".repeat(254) + "1"));
    Path other = TemporaryFile.of(folder.resolve("n".repeat(254) + "2"));
    assertNotEquals(one, other);
    assertEquals(folder, one.getParent());
    assertTrue(one.getFileName().toString().startsWith("."));
  }

  @Test
  void aContentThatThrowsLeavesNothing() throws IOException {
    Path file = folder.resolve("file.txt");
    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(7);
                  throw new IllegalStateException("a fault of ours");
                }));
    assertEquals(0, entries(folder));
  }

  @Test
  void removesWhatDeadProcessesLeft() throws IOException, InterruptedException {
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    Path own = leftover(ProcessHandle.current().pid());
    Path left = leftover(dead.pid());
    Path foreign = Files.createFile(folder.resolve(".quern-notes.part"));
    AtomicFile.removeLeftovers(folder);
    assertTrue(Files.exists(left), "another machine's, perhaps, as long as it is fresh");

    for (Path file : List.of(own, left, foreign)) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(120)));
    }
    AtomicFile.removeLeftovers(folder);
    assertFalse(Files.exists(left));
    assertTrue(Files.exists(own));
    assertTrue(Files.exists(foreign));
    AtomicFile.removeLeftovers(folder.resolve("missing"));
  }

  private Path leftover(long pid) throws IOException {
    String name = TemporaryFile.of(folder.resolve("file.txt")).getFileName().toString();
    String own = "-" + ProcessHandle.current().pid() + "-";
    return Files.createFile(folder.resolve(name.replace(own, "-" + pid + "-")));
  }

  @Test
  void linksAreFollowed() throws IOException {
    Path file = Files.writeString(folder.resolve("file.txt"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    AtomicFile.writeText(link, "new");
    assertEquals("new", Files.readString(file));
    assertTrue(Files.isSymbolicLink(link));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void devicesAreWrittenToAndNotReplaced() {
    Path full = Path.of("/dev/full");
    AtomicFile.requireWritable(full);
    String message = refusal(() -> AtomicFile.writeText(full, "text"));
    assertTrue(message.startsWith("Cannot write /dev/full: No space left on device"), message);
    AtomicFile.writeText(Path.of("/dev/null"), "text");
    assertFalse(Files.isRegularFile(Path.of("/dev/null")));
    assertFalse(Files.isRegularFile(full));
  }

  private static String refusal(Executable writing) {
    return String.valueOf(assertThrows(BadInputException.class, writing).getMessage());
  }

  private static long entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.count();
    }
  }
}
