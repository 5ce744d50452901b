package dev.quern.gpu.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinaryCacheTest {
  private static final byte[] BINARY = {1, 2, 3};

  private Path folder;
  private BinaryCache cache;

  @BeforeEach
  void makeCache(@TempDir Path parent) {
    folder = parent.resolve("a").resolve("b");
    cache = new BinaryCache(folder);
  }

  @Test
  void returnsWhatWasStored() throws IOException {
    assertNull(cache.load("key"));
    cache.store("key", BINARY);
    assertArrayEquals(BINARY, cache.load("key"));
    assertNull(cache.load("other"));
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void refusesWhatIsCorrupt() throws IOException {
    cache.store("key", BINARY);
    byte[] content = Files.readAllBytes(folder.resolve("key"));
    content[content.length - 1] ^= 1;
    Files.write(folder.resolve("key"), content);
    assertNull(cache.load("key"));
    Files.write(folder.resolve("key"), new byte[5]);
    assertNull(cache.load("key"));
  }

  @Test
  void refusesAFolderOpenToOthers() throws IOException {
    cache.store("key", BINARY);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-x---"));
    assertNull(cache.load("key"));
    cache.store("other", BINARY);
    assertFalse(Files.exists(folder.resolve("other")));
  }

  @Test
  void namesProgramsByAllTheyDependOn() {
    String key = BinaryCache.key(List.of("device", "-DA=1", "source"));
    assertEquals(key, BinaryCache.key(List.of("device", "-DA=1", "source")));
    assertEquals(64, key.length());
    assertNotEquals(key, BinaryCache.key(List.of("device", "-DA=2", "source")));
    assertNotEquals(key, BinaryCache.key(List.of("device", "-DA=1source")));
  }
}
