package dev.quern.train.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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

  private static long entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.count();
    }
  }
}
