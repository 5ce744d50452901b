package dev.quern.train.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.Engine;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.data.FirstLook;
import dev.quern.train.run.Deadline;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.run.TrainingData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training as a program sees it that calls it. */
class TrainingRunTest {

  @TempDir Path folder;

  @Test
  void aDeadlineStopsInTheMiddleOfAnEpochAndResumingGivesTheSame() throws IOException {
    Path whole = folder.resolve("whole");
    Path stopped = folder.resolve("stopped");
    try (Engine engine = Engine.open("reference")) {
      List<EpochMetrics> all = run(engine, whole, null);
      assertEquals(3, all.size());
      // long enough for an epoch, and to begin the next
      Duration time = Duration.ofMillis(1000 + Math.round(10_000 * all.getFirst().seconds()));
      List<EpochMetrics> done = run(engine, stopped, time);
      assertEquals(List.of(1), done.stream().map(EpochMetrics::epoch).toList());
      Path last = stopped.resolve("checkpoint-last.safetensors");
      assertEquals(1, Checkpoint.read(last).progress().epoch());
      assertEquals(3, run(engine, stopped, null).size());
      assertArrayEquals(
          Files.readAllBytes(whole.resolve("checkpoint-last.safetensors")),
          Files.readAllBytes(last));
      assertEquals(0, engine.openTensors().size());
    }
  }

  /** Trains, or goes on; if there is a time, it passes in the first step of the second epoch. */
  private static List<EpochMetrics> run(Engine engine, Path path, @Nullable Duration time)
      throws IOException {
    RunConfig config = config();
    TrainingData data = TrainingData.open(config.data(), config.seed(), 1, FirstLook.Progress.NONE);
    Deadline deadline = Deadline.in(time);
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void start(int epochsBefore, int epochs, int stepsPerEpoch) {
            assertEquals(2, stepsPerEpoch);
          }

          @Override
          public void step(int epoch, double loss) {
            while (time != null && epoch == 2 && deadline.leaves(0)) {
              Thread.onSpinWait();
            }
          }

          @Override
          public void epoch(EpochMetrics metrics) {}
        };
    boolean goesOn = Files.exists(path);
    try (RunFolder run = goesOn ? RunFolder.existing(path) : RunFolder.claim(path);
        TrainingRun training = new TrainingRun(engine, config, run, data, 1)) {
      run.writeConfig(config);
      return goesOn
          ? training.resume(deadline, () -> false, listener)
          : training.train(deadline, () -> false, listener);
    }
  }

  private static RunConfig config() throws IOException {
    try (var in =
        TrainingRunTest.class.getResourceAsStream("/dev/quern/train/former/adam/config.json")) {
      byte[] text = Objects.requireNonNull(in).readAllBytes();
      return RunConfig.parse(new String(text, StandardCharsets.UTF_8)).withEpochs(3);
    }
  }
}
