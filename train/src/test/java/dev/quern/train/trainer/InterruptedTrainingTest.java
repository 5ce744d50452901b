package dev.quern.train.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.train.data.FirstLook;
import dev.quern.train.run.Deadline;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.run.TrainingData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training that is told to stop at any batch or piece goes on to the bytes of one go. */
class InterruptedTrainingTest {

  private static final int EPOCHS = 2;
  private static final int STEPS = 3;
  private static final String CONFIG =
      """
      {
        "model" : "unet",
        "backend" : "reference",
        "data" : {
          "synthetic" : 12,
          "valFraction" : 0.2
        },
        "epochs" : 2,
        "batchSize" : 4,
        "pixelsPerImage" : 64,
        "network" : {
          "width" : 2,
          "depth" : 2,
          "crop" : 16
        },
        "loss" : "0.5*dice+lovasz",
        "optimizer" : {
          "kind" : "ADAM",
          "lr" : 0.003,
          "weightDecay" : 0.0,
          "momentum" : 0.0,
          "nesterov" : false,
          "l1" : 0.0,
          "clip" : 0.0,
          "ema" : 0.9
        },
        "scheduler" : {
          "kind" : "COSINE",
          "warmup" : 0,
          "minLr" : 0.0,
          "period" : 2,
          "periodFactor" : 1,
          "restartDecay" : 1.0,
          "patience" : 3,
          "factor" : 0.3,
          "threshold" : 1.0E-4,
          "thresholdMode" : "MAGNITUDE",
          "cooldown" : 0
        },
        "seed" : 0
      }
      """;

  @TempDir Path folder;

  @Test
  void atEveryBatchAndEveryPieceOfTheValidation() throws IOException {
    try (Engine engine = Engine.open("reference")) {
      Asked never = new Asked(Integer.MAX_VALUE);
      Path whole = folder.resolve("whole");
      assertEquals(EPOCHS, start(engine, whole, never));
      int asked = never.count;
      int validated = asked / EPOCHS - STEPS;
      assertEquals(EPOCHS * (STEPS + validated), asked);
      assertTrue(validated >= 2, "pieces " + validated);
      for (int at = 1; at <= asked; at++) {
        Path run = folder.resolve("run" + at);
        int within = (at - 1) % (STEPS + validated);
        int before = (at - 1) / (STEPS + validated);
        assertEquals(before, start(engine, run, new Asked(at)));
        Safetensors last = Safetensors.read(run.resolve("checkpoint-last.safetensors"));
        assertEquals(String.valueOf(before), last.text("epoch"));
        String begun = last.text("begun_epoch");
        assertTrue(begun.startsWith(Math.min(within, STEPS) + ","), begun);
        assertEquals(EPOCHS, start(engine, run, new Asked(Integer.MAX_VALUE)));
        assertSame(whole, run);
      }
      assertEquals(0, engine.openTensors().size());
    }
  }

  @Test
  void againAndAgain() throws IOException {
    try (Engine engine = Engine.open("reference")) {
      Path whole = folder.resolve("whole");
      Asked never = new Asked(Integer.MAX_VALUE);
      start(engine, whole, never);
      int validated = never.count / EPOCHS - STEPS;
      Path run = folder.resolve("run");
      int starts = 1;
      // far enough to get through a validation, which begins again
      while (start(engine, run, new Asked(validated + 2)) < EPOCHS) {
        starts++;
        assertTrue(starts < 20);
      }
      assertTrue(starts > 2, "" + starts);
      assertSame(whole, run);
    }
  }

  private static void assertSame(Path whole, Path run) throws IOException {
    for (String file : List.of("checkpoint-last.safetensors", "checkpoint-best.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)),
          Files.readAllBytes(run.resolve(file)),
          run + " " + file);
    }
    assertEquals(metrics(whole), metrics(run), run.toString());
  }

  /** All but the seconds. */
  private static List<String> metrics(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.csv")).stream()
        .map(line -> line.substring(0, line.lastIndexOf(',')))
        .toList();
  }

  /** Trains, or goes on; tells how many epochs are done. */
  private static int start(Engine engine, Path path, BooleanSupplier interrupted) {
    RunConfig config = RunConfig.parse(CONFIG);
    TrainingData data = TrainingData.open(config.data(), config.seed(), 1, FirstLook.Progress.NONE);
    boolean goesOn = Files.exists(path);
    try (RunFolder run = goesOn ? RunFolder.existing(path) : RunFolder.claim(path);
        TrainingRun training = new TrainingRun(engine, config, run, data, 1)) {
      run.writeConfig(config);
      Deadline deadline = Deadline.in(null);
      List<EpochMetrics> done =
          goesOn
              ? training.resume(deadline, interrupted, new Silent())
              : training.train(deadline, interrupted, new Silent());
      return done.size();
    }
  }

  /** Says yes when it is asked so often, and from then on. */
  private static final class Asked implements BooleanSupplier {

    private final int yes;
    private int count;

    Asked(int yes) {
      this.yes = yes;
    }

    @Override
    public boolean getAsBoolean() {
      count++;
      return count >= yes;
    }
  }

  private static final class Silent implements TrainingListener {
    @Override
    public void start(int epochsBefore, int epochs, int stepsPerEpoch) {
      assertEquals(STEPS, stepsPerEpoch);
    }

    @Override
    public void step(int epoch, double loss) {}

    @Override
    public void epoch(EpochMetrics metrics) {}
  }
}
