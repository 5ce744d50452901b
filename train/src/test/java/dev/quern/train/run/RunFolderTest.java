package dev.quern.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {

  @TempDir Path folder;

  @Test
  void runsOfTheSameSecondHaveAFolderEach() {
    Path wanted = folder.resolve("runs").resolve("20260101-000000");
    List<RunFolder> runs =
        IntStream.range(0, 8).parallel().mapToObj(_ -> RunFolder.claimNew(wanted)).toList();
    Set<Path> paths = runs.stream().map(RunFolder::path).collect(Collectors.toSet());
    assertEquals(8, paths.size());
    runs.forEach(RunFolder::close);
  }

  @Test
  void aFolderThatAnotherWorksOnIsRefused() throws IOException {
    Path path = folder.resolve("run");
    try (RunFolder first = RunFolder.claim(path)) {
      Refusal.of(() -> RunFolder.claim(path), "Another process works on", "--out");
      Files.writeString(path.resolve("config.json"), "{}");
      Refusal.of(() -> RunFolder.existing(path), "Another process works on", "stop it");
      assertEquals(path, first.path());
    }
    RunFolder.existing(path).close();
  }

  @Test
  void aFolderWithSomethingInItIsRefusedAndStaysAsItWas() throws IOException {
    Path path = Files.createDirectory(folder.resolve("run"));
    Files.writeString(path.resolve("notes.txt"), "mine");
    Refusal.of(() -> RunFolder.claim(path), "not empty", "--resume");
    Refusal.of(() -> RunFolder.existing(path), "config.json is missing");
    Refusal.of(() -> RunFolder.claim(path.resolve("notes.txt")), "is a file");
    Refusal.of(
        () -> RunFolder.claim(path.resolve("notes.txt").resolve("run")), "Cannot make a run");
    try (var entries = Files.list(path)) {
      assertEquals(1, entries.count());
    }
  }

  @Test
  void anAbandonedClaimLeavesNothing() throws IOException {
    Path path = folder.resolve("run");
    RunFolder.claim(path).abandon();
    assertFalse(Files.exists(path));
    Files.createDirectory(path);
    RunFolder.claim(path).abandon();
    assertTrue(Files.isDirectory(path));
    try (var entries = Files.list(path)) {
      assertEquals(0, entries.count());
    }
  }

  @Test
  void whatAKilledClaimLeftIsTakenOver() throws IOException {
    Path path = Files.createDirectory(folder.resolve("run"));
    Files.createFile(path.resolve(".lock"));
    RunFolder.claim(path).close();
  }
}
