package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.nn.safetensors.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs in processes of their own that are killed, stopped or started together. {@code
 * -Dquern.test.kills=N} has the thorough test kill as often.
 */
@EnabledOnOs(OS.LINUX)
class KilledRunTest {

  private static final int KILLS = Integer.getInteger("quern.test.kills", 10);
  private static final List<String> CHECKPOINTS =
      List.of("checkpoint-last.safetensors", "checkpoint-best.safetensors");

  @TempDir Path folder;

  @Test
  void aRunKilledAtSomeMomentGoesOnToTheBytesOfOneGo() throws IOException, InterruptedException {
    assertKilledRunsGoOn(1, KilledRunTest::pixelRun);
  }

  @Test
  void aUNetKilledAtSomeMomentGoesOnToTheBytesOfOneGo() throws IOException, InterruptedException {
    assertKilledRunsGoOn(1, KilledRunTest::networkRun);
  }

  @Test
  @Tag("thorough")
  void aUNetKilledAtAnyMomentGoesOnToTheBytesOfOneGo() throws IOException, InterruptedException {
    assertKilledRunsGoOn(Math.max(5, KILLS / 2), KilledRunTest::networkRun);
  }

  @Test
  @Tag("thorough")
  void aRunKilledAtAnyMomentGoesOnToTheBytesOfOneGo() throws IOException, InterruptedException {
    assertKilledRunsGoOn(KILLS, KilledRunTest::pixelRun);
  }

  private void assertKilledRunsGoOn(int kills, Function<Path, List<String>> newRun)
      throws IOException, InterruptedException {
    long started = System.nanoTime();
    Path whole = folder.resolve("whole");
    assertEquals(0, start(newRun.apply(whole)).waitFor(), this::said);
    long millis = (System.nanoTime() - started) / 1_000_000;
    long seed = Long.getLong("quern.test.seed", System.nanoTime());
    System.out.println("KilledRunTest: -Dquern.test.seed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int kill = 0; kill < kills; kill++) {
      Path run = folder.resolve("run" + kill);
      // a JVM needs a while to begin; of what follows any moment will do, and two kills in a row
      // too
      int times = 1 + kill % 2;
      for (int i = 0; i < times; i++) {
        Process process = start(begunOrNew(run, newRun));
        process.waitFor(random.nextLong(millis / 8, millis), TimeUnit.MILLISECONDS);
        process.destroyForcibly().waitFor();
      }
      if (!Files.exists(run.resolve("report.html"))) {
        Process process = start(begunOrNew(run, newRun));
        boolean done = process.waitFor() == 0;
        // the kill may have come between the last checkpoint and the report
        if (!done) {
          assertTrue(said().contains("make its report again with quern report"), this::said);
          assertEquals(0, start(List.of("report", run.toString())).waitFor(), this::said);
        }
      }
      for (String file : CHECKPOINTS) {
        assertArrayEquals(
            Files.readAllBytes(whole.resolve(file)),
            Files.readAllBytes(run.resolve(file)),
            "kill %d of seed %d: %s".formatted(kill, seed, file));
      }
      assertEquals(
          Files.readAllLines(whole.resolve("metrics.csv")).size(),
          Files.readAllLines(run.resolve("metrics.csv")).size());
      try (var files = Files.list(run)) {
        assertTrue(
            files.noneMatch(file -> file.toString().endsWith(".part")), "leftovers in " + run);
      }
    }
  }

  @Test
  void runsStartedTogetherHaveAFolderEach() throws IOException, InterruptedException {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      processes.add(
          start(
              List.of(
                  "train",
                  "--model=pixel",
                  "--synthetic=2",
                  "--epochs=1",
                  "--pixels=50",
                  "--backend=reference")));
    }
    for (Process process : processes) {
      assertEquals(0, process.waitFor(), this::said);
    }
    try (var runs = Files.list(folder.resolve("runs"))) {
      List<Path> all = runs.toList();
      assertEquals(4, all.size(), all.toString());
      for (Path run : all) {
        assertTrue(Files.exists(run.resolve("report.html")), run.toString());
        assertEquals(2, Files.readAllLines(run.resolve("metrics.csv")).size());
      }
    }
  }

  @Test
  void anInterruptedRunSaysHowToGoOn() throws IOException, InterruptedException {
    for (String signal : List.of("INT", "TERM")) {
      Path run = folder.resolve(signal);
      Process process =
          start(
              List.of(
                  "train",
                  "--model=pixel",
                  "--synthetic=20",
                  "--epochs=1000",
                  "--backend=reference",
                  "--out=" + run));
      for (int i = 0; i < 300 && !Files.exists(run.resolve("checkpoint-last.safetensors")); i++) {
        Thread.sleep(100);
      }
      new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor();
      assertEquals(signal.equals("INT") ? 130 : 143, process.waitFor());
      assertTrue(said().contains("go on with: quern train --resume " + run), this::said);
    }
  }

  @Test
  void aUNetToldToStopLeavesACheckpointInsideTheEpoch() throws IOException, InterruptedException {
    Path whole = folder.resolve("whole");
    assertEquals(0, start(networkRun(whole)).waitFor(), this::said);
    for (String signal : List.of("INT", "TERM")) {
      Path run = folder.resolve(signal);
      Path last = run.resolve("checkpoint-last.safetensors");
      Process process = start(networkRun(run));
      while (process.isAlive() && !Files.exists(last)) {
        Thread.sleep(5);
      }
      new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor();
      assertEquals(signal.equals("INT") ? 130 : 143, process.waitFor(), this::said);
      assertTrue(said().contains("go on with: quern train --resume " + run), this::said);
      Safetensors stopped = Safetensors.read(last);
      assertTrue(Integer.parseInt(stopped.text("epoch")) < 12);
      assertTrue(stopped.text("begun_epoch").matches("[0-4],.*"), stopped.text("begun_epoch"));
      assertEquals(0, start(List.of("train", "--resume", run.toString())).waitFor(), this::said);
      for (String file : CHECKPOINTS) {
        assertArrayEquals(
            Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(run.resolve(file)), file);
      }
    }
  }

  private static List<String> networkRun(Path run) {
    return List.of(
        "train",
        "--width=3",
        "--depth=2",
        "--crop=32",
        "--synthetic=8",
        "--epochs=12",
        "--batch-size=2",
        "--ema=0.9",
        "--backend=reference",
        "--out=" + run);
  }

  private static List<String> pixelRun(Path run) {
    return List.of(
        "train",
        "--model=pixel",
        "--synthetic=8",
        "--epochs=12",
        "--pixels=1000",
        "--batch-size=2",
        "--ema=0.9",
        "--backend=reference",
        "--out=" + run);
  }

  private static List<String> begunOrNew(Path run, Function<Path, List<String>> newRun) {
    return Files.exists(run.resolve("config.json"))
        ? List.of("train", "--resume", run.toString())
        : newRun.apply(run);
  }

  private Path output() {
    return folder.resolve("output.txt");
  }

  private String said() {
    try {
      return Files.readString(output());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process start(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--module-path", ModulePath.all()));
    command.addAll(List.of("--module", "dev.quern.train/dev.quern.train.Main"));
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output().toFile()))
        .start();
  }
}
