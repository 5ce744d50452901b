package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.nn.safetensors.Safetensors;
import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
import dev.quern.train.data.synthetic.SyntheticMicroscopy;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands train, evaluate and predict, from the command line to the files. */
class TrainingTest {

  private static final String BACKEND = "reference";

  @TempDir Path folder;

  @Test
  void beatsOtsuOnSyntheticImagesAndWritesTheRunFolder() throws IOException {
    Path run = folder.resolve("run");
    Quern quern = train(run, "--synthetic", 24, "--batch-size", 2, "--epochs", 6, "--pixels", 1024);
    assertEquals(0, quern.code(), quern.err());
    double best = number(quern.out(), "Best validation IoU ");
    double otsu = number(quern.out(), "Baseline, Otsu's threshold per image: IoU ");
    assertTrue(otsu < 0.6, quern.out());
    assertTrue(best > otsu + 0.1, quern.out());
    for (String file :
        List.of(
            "config.json",
            "metrics.csv",
            "checkpoint-best.safetensors",
            "checkpoint-last.safetensors",
            "report.html")) {
      assertTrue(Files.size(run.resolve(file)) > 100, file);
    }
    assertEquals(7, Files.readAllLines(run.resolve("metrics.csv")).size());
    String report = Files.readString(run.resolve("report.html"));
    assertTrue(report.contains("uPlot") && report.contains("data:image/png;base64,"));
    assertFalse(report.contains("src=\"http") || report.contains("href=\"http"));
  }

  @Test
  void sameSeedSameBitsForAnyNumberOfThreads() throws IOException {
    byte[] one = trainSmall("one", "--threads", 1);
    assertArrayEquals(one, trainSmall("again", "--threads", 1));
    assertArrayEquals(one, trainSmall("two", "--threads", 2));
    assertArrayEquals(one, trainSmall("five", "--threads", 5));
    assertFalse(Arrays.equals(one, trainSmall("other", "--seed", 9)));
  }

  private byte[] trainSmall(String name, Object... more) throws IOException {
    Path run = folder.resolve(name);
    Quern quern = train(run, concat(more, "--synthetic", 9, "--epochs", 2, "--pixels", 300));
    assertEquals(0, quern.code(), quern.err());
    return Files.readAllBytes(run.resolve("checkpoint-last.safetensors"));
  }

  @Test
  void resumingGivesWhatGoingOnWouldHaveGiven() throws IOException {
    Map<String, List<Object>> optimizers =
        Map.of(
            "cosine", List.of("--ema", 0.9, "--loss", "0.5*dice+lovasz", "--restart-decay", 0.5),
            "plateau", List.of("--optimizer", "sgd", "--momentum", 0.9, "--cooldown", 1),
            "none", List.of("--optimizer", "adamw", "--clip", 0.5, "--weight-decay", 0.1),
            "annealing", List.of("--min-lr", 0.001),
            "polynomial", List.of("--power", 2),
            "step", List.of("--step-size", 2, "--gamma", 0.3),
            "multistep", List.of("--milestones", "1,4"),
            "exponential", List.of("--gamma", 0.7),
            "onecycle", List.of("--three-phase", "--anneal", "linear", "--div-factor", 5));
    for (String scheduler : optimizers.keySet()) {
      Object[] options = {
        "--synthetic",
        6,
        "--pixels",
        300,
        "--scheduler",
        scheduler,
        "--period",
        scheduler.equals("cosine") ? 2 : 5,
        "--patience",
        0,
        "--warmup",
        1
      };
      options = concat(options, optimizers.getOrDefault(scheduler, List.of()).toArray());
      Path whole = folder.resolve(scheduler);
      assertEquals(0, train(whole, concat(options, "--epochs", 5)).code());
      Path parts = folder.resolve(scheduler + "-parts");
      assertEquals(0, train(parts, concat(options, "--epochs", 2)).code());
      // said again, settings may be given
      Quern resumed =
          Quern.run("train", "--resume", parts, "--epochs", 5, "--scheduler", scheduler);
      assertEquals(0, resumed.code(), resumed.err());
      for (String file : List.of("checkpoint-last.safetensors", "checkpoint-best.safetensors")) {
        assertArrayEquals(
            Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(parts.resolve(file)));
      }
      assertEquals(6, Files.readAllLines(parts.resolve("metrics.csv")).size());
    }
  }

  @Test
  void everyOptionChangesTheResult() throws IOException {
    byte[] plain = trainSmall("plain");
    List<List<Object>> choices =
        List.of(
            List.of("--loss", "bce"),
            List.of("--loss", "lovasz"),
            List.of("--loss", "dice(smooth=1)+2*bce"),
            List.of("--loss", "tversky(alpha=0.3, beta=0.7)"),
            List.of("--loss", "jaccard"),
            List.of("--loss", "0.5*dice+focal(gamma=2)"),
            List.of("--loss", "focal(gamma=1, alpha=0.7)"),
            List.of("--optimizer", "adamw", "--weight-decay", 0.1),
            List.of("--weight-decay", 0.1),
            List.of("--optimizer", "sgd"),
            List.of("--optimizer", "sgd", "--momentum", 0.9),
            List.of("--optimizer", "sgd", "--momentum", 0.9, "--nesterov"),
            List.of("--l1", 0.01),
            List.of("--clip", 0.001),
            List.of("--ema", 0.5),
            List.of("--warmup", 1),
            List.of("--min-lr", 0.01));
    List<byte[]> results = new ArrayList<>(List.of(plain));
    for (List<Object> choice : choices) {
      byte[] result = trainSmall(String.valueOf(results.size()), choice.toArray());
      for (byte[] other : results) {
        assertFalse(Arrays.equals(other, result), choice.toString());
      }
      results.add(result);
    }
    // what is on by default changes nothing
    assertArrayEquals(plain, trainSmall("same", "--loss", " dice + 1*bce ", "--warmup", 0));
  }

  @Test
  void theMovingAverageIsWhatIsScoredAndSaved() throws IOException {
    Path run = folder.resolve("run");
    Quern trained = train(run, "--synthetic", 6, "--epochs", 2, "--pixels", 300, "--ema", 0.9);
    assertEquals(0, trained.code(), trained.err());
    Safetensors last = Safetensors.read(run.resolve("checkpoint-last.safetensors"));
    float[] average = last.tensor("linear.weight").floats();
    float[] weight = last.tensor("training.linear.weight").floats();
    double averageNorm = 0;
    double norm = 0;
    for (int i = 0; i < weight.length; i++) {
      averageNorm += average[i] * average[i];
      norm += weight[i] * weight[i];
    }
    // it started at 0 and lags behind
    assertTrue(averageNorm > 0 && averageNorm < norm, averageNorm + " " + norm);
  }

  @Test
  void evaluatesAndPredictsFolders() throws IOException {
    Path images = folder.resolve("images");
    Path masks = folder.resolve("masks");
    writeFolders(images, masks, 10);
    Path run = folder.resolve("run");
    Quern trained =
        train(
            run,
            "--images",
            images,
            "--masks",
            masks,
            "--val-fraction",
            0.3,
            "--batch-size",
            1,
            "--epochs",
            8,
            "--pixels",
            1000);
    assertEquals(0, trained.code(), trained.err());
    Path checkpoint = run.resolve("checkpoint-best.safetensors");

    Quern scores =
        Quern.run(
            "evaluate",
            "--checkpoint",
            checkpoint,
            "--images",
            images,
            "--masks",
            masks,
            "--backend",
            BACKEND);
    assertEquals(0, scores.code(), scores.err());
    double iou = number(scores.out(), "IoU        ");
    assertTrue(iou > 0.5, scores.out());
    assertEquals(2 * iou / (1 + iou), number(scores.out(), "Dice       "), 2e-6);

    Path out = folder.resolve("predicted");
    Quern predicted =
        Quern.run(
            "predict",
            "--checkpoint",
            checkpoint,
            "--images",
            images,
            "--out",
            out,
            "--backend",
            BACKEND);
    assertEquals(0, predicted.code(), predicted.err());
    // The masks on the disk have the IoU that evaluate found.
    long intersection = 0;
    long union = 0;
    for (int i = 0; i < 10; i++) {
      Mask truth = MaskPng.read(masks.resolve("m" + i + ".png"));
      Mask mask = MaskPng.read(out.resolve("m" + i + ".png"));
      for (int p = 0; p < truth.values().length; p++) {
        intersection += truth.values()[p] & mask.values()[p];
        union += truth.values()[p] | mask.values()[p];
      }
    }
    assertEquals(iou, (double) intersection / union, 1e-6);

    Quern ownFolder =
        Quern.run(
            "predict",
            "--checkpoint",
            checkpoint,
            "--images",
            images,
            "--out",
            images,
            "--backend",
            BACKEND);
    assertEquals(2, ownFolder.code());
  }

  @Test
  void stopsWhenTheLossIsNoNumber() {
    Quern quern =
        train(
            folder.resolve("run"), "--synthetic", 24, "--epochs", 3, "--pixels", 100, "--lr", 3e37);
    assertEquals(1, quern.code(), quern.out());
    assertTrue(quern.err().contains("lower --lr"), quern.err());
    assertFalse(quern.err().contains("\tat "), quern.err());
  }

  /** Images of different sizes, an odd one among them. */
  private static void writeFolders(Path images, Path masks, int count) throws IOException {
    Files.createDirectories(images);
    SyntheticMicroscopy pictures = new SyntheticMicroscopy(count, 4, 0);
    for (int i = 0; i < count; i++) {
      Sample sample = pictures.sample(i);
      int width = SyntheticMicroscopy.SIDE - 7 * i;
      int height = SyntheticMicroscopy.SIDE - i;
      BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
      byte[] mask = new byte[width * height];
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int at = y * SyntheticMicroscopy.SIDE + x;
          picture.getRaster().setSample(x, y, 0, Math.round(255 * sample.image().plane(0)[at]));
          mask[y * width + x] = sample.mask().values()[at];
        }
      }
      ImageIO.write(picture, "png", images.resolve("m" + i + ".png").toFile());
      MaskPng.write(masks.resolve("m" + i + ".png"), new Mask(height, width, mask));
    }
  }

  private static Quern train(Path run, Object... options) {
    return Quern.run(
        concat(
            new Object[] {"train", "--model", "pixel", "--out", run, "--backend", BACKEND},
            options));
  }

  private static Object[] concat(Object[] first, Object... second) {
    Object[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  private static double number(String text, String after) {
    int from = text.indexOf(after) + after.length();
    assertTrue(from >= after.length(), text);
    return Double.parseDouble(text.substring(from).split("[\\s,]", 2)[0]);
  }
}
