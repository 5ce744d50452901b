package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where no more can be written, every writer says so in one sentence and leaves no part. */
@EnabledOnOs(OS.LINUX)
class WriteFailureTest {

  private static final List<String> BENCH =
      List.of("bench", "--quick", "--backend=reference", "--case=fill", "--sizes=1024,2048");

  @TempDir Path folder;

  @Test
  void leavesNoPartOfACheckpoint() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    assertTooLarge(
        "checkpoint-best.safetensors",
        List.of(
            "train",
            "--model=pixel",
            "--synthetic=4",
            "--epochs=1",
            "--pixels=100",
            "--backend=reference",
            "--out=" + run));
    assertEquals(List.of(run.resolve(".lock"), run.resolve("config.json")), entries(run));
  }

  @Test
  void leavesNoPartOfABenchmark() throws IOException, InterruptedException {
    for (String option : List.of("--json", "--html")) {
      Path file = folder.resolve("results/bench");
      assertTooLarge("bench", with(BENCH, option + "=" + file));
      assertEquals(List.of(), entries(file.resolveSibling("")));
    }
  }

  @Test
  void leavesNoPartOfASelftest() throws IOException, InterruptedException {
    Path file = folder.resolve("results/selftest.json");
    assertTooLarge(
        "selftest.json",
        List.of("selftest", "--backend=reference", "--suite=adam", "--sabotage", "--json=" + file));
    assertEquals(List.of(), entries(file.resolveSibling("")));
  }

  @Test
  void aFullDeviceIsToldAndStaysOne() throws IOException {
    Quern json = Quern.run(with(BENCH, "--json=/dev/full").toArray());
    assertEquals(2, json.code());
    assertOneLine(json.err(), "Cannot write /dev/full: No space left on device");
    assertFalse(Files.isRegularFile(Path.of("/dev/full")));
  }

  /** Where root may not write either. */
  @Test
  void foldersThatAreNotWritable() throws IOException {
    Path file = Path.of("/sys/quern.json");
    for (List<String> words :
        List.of(
            with(BENCH, "--json=" + file),
            with(BENCH, "--html=" + file),
            List.of("selftest", "--json=" + file))) {
      Quern quern = Quern.run(words.toArray());
      assertEquals(2, quern.code());
      assertOneLine(quern.err(), "Cannot write /sys/quern.json: ");
      assertEquals("", quern.out());
    }
  }

  @Test
  void aBundleThatCannotBeWrittenLeavesNothing() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "kept");
    System.setProperty("quern.home", Path.of("..").toAbsolutePath().toString());
    try {
      for (Path output : List.of(file, file.resolve("inside"), Path.of("/sys/quern"))) {
        Quern quern = Quern.run("bundle", "--output", output);
        assertEquals(2, quern.code(), quern.err());
        assertOneLine(quern.err(), output.toString());
      }
    } finally {
      System.clearProperty("quern.home");
    }
    assertEquals(List.of(file), entries(folder));
    assertEquals("kept", Files.readString(file));
  }

  /** In a process that may write no more than a kilobyte per file. */
  private void assertTooLarge(String name, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "bash",
                "-c",
                "ulimit -f 1; exec \"$@\"",
                "bash",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--module-path",
                ModulePath.all(),
                "--module",
                "dev.quern.train/dev.quern.train.Main"));
    command.addAll(arguments);
    Path errors = folder.resolve("errors.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(errors.toFile())
            .start();
    assertEquals(2, process.waitFor());
    assertOneLine(Files.readString(errors, StandardCharsets.UTF_8), name + ": File too large");
  }

  private static void assertOneLine(String err, String part) {
    List<String> lines = err.lines().filter(line -> !line.startsWith("WARNING: ")).toList();
    assertEquals(1, lines.size(), err);
    assertTrue(lines.getFirst().contains(part), err);
  }

  private static List<String> with(List<String> words, String more) {
    return Stream.concat(words.stream(), Stream.of(more)).toList();
  }

  private static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }
}
