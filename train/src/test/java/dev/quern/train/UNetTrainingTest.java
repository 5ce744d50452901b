package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.nn.safetensors.Safetensors;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training of the U-Net, from the command line to the files. */
class UNetTrainingTest {

  private static final String LAST = "checkpoint-last.safetensors";
  private static final String BEST = "checkpoint-best.safetensors";

  @TempDir Path folder;

  @Test
  void isWhatIsTrainedUnlessAnotherModelIsSaid() throws IOException {
    Path run = folder.resolve("run");
    done(train(run, "--epochs", 1));
    Safetensors last = Safetensors.read(run.resolve(LAST));
    assertEquals("unet", last.text("model"));
    assertEquals("2", last.text("width"));
    assertEquals("2", last.text("depth"));
    assertEquals("1", last.text("channels"));
    assertEquals("1", last.text("classes"));
    assertFalse(last.metadata().containsKey("begun_epoch"));
    List<String> names = new ArrayList<>();
    for (String level : List.of("down.0", "down.1", "up.0")) {
      for (int i = 0; i < 2; i++) {
        names.add(level + "." + 3 * i + ".weight");
        for (String name :
            List.of("weight", "bias", "running_mean", "running_var", "num_batches_tracked")) {
          names.add(level + "." + (3 * i + 1) + "." + name);
        }
      }
    }
    names.addAll(List.of("head.weight", "head.bias"));
    assertEquals(
        names.stream().sorted().toList(),
        last.tensors().keySet().stream()
            .filter(name -> !name.startsWith("optimizer."))
            .sorted()
            .toList());
    assertEquals(3, last.tensor("down.0.1.num_batches_tracked").longs()[0]);
    String config = Files.readString(run.resolve("config.json"));
    assertTrue(config.contains("\"model\" : \"unet\"") && config.contains("\"crop\" : 16"), config);
    assertTrue(Files.readString(run.resolve("report.html")).contains("U-Net on 5 training images"));
  }

  @Test
  void sameSeedSameBitsForAnyNumberOfThreads() throws IOException {
    for (String backend : List.of("reference", "simd")) {
      byte[] one = bytes(backend, "--threads", 1);
      assertArrayEquals(one, bytes(backend, "--threads", 2));
      assertArrayEquals(one, bytes(backend, "--threads", 3));
      assertArrayEquals(one, bytes(backend));
      assertFalse(Arrays.equals(one, bytes(backend, "--seed", 1)));
    }
  }

  private byte[] bytes(String backend, Object... options) throws IOException {
    Path run = Files.createTempDirectory(folder, "run");
    List<Object> all = new ArrayList<>(List.of("--epochs", 2, "--backend", backend));
    all.addAll(List.of(options));
    done(train(run, all.toArray()));
    return Files.readAllBytes(run.resolve(LAST));
  }

  @Test
  void resumingGivesWhatGoingOnWouldHaveGiven() throws IOException {
    Object[] options = {"--ema", 0.9, "--scheduler", "step", "--step-size", 2};
    Path whole = folder.resolve("whole");
    done(train(whole, with(options, "--epochs", 4)));
    for (int epochs = 1; epochs < 4; epochs++) {
      Path parts = folder.resolve("parts" + epochs);
      done(train(parts, with(options, "--epochs", epochs)));
      done(Quern.run("train", "--resume", parts, "--epochs", 4, "--width", 2, "--crop", 16));
      for (String file : List.of(LAST, BEST)) {
        assertArrayEquals(
            Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(parts.resolve(file)), file);
      }
    }
    refused(
        Quern.run("train", "--resume", whole, "--epochs", 5, "--width", 4),
        "--width is 4, but the run was started with 2");
    refused(
        Quern.run("train", "--resume", whole, "--epochs", 5, "--model", "pixel"),
        "--model is pixel, but the run was started with unet");
  }

  @Test
  void aLossThatIsNoNumberLeavesTheCheckpointBefore() throws IOException {
    Path run = folder.resolve("run");
    done(train(run, "--epochs", 1, "--scheduler", "none", "--lr", 0.001));
    byte[] before = Files.readAllBytes(run.resolve(LAST));
    Path config = run.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("0.001", "1e37"));
    Quern quern = Quern.run("train", "--resume", run, "--epochs", 3);
    assertEquals(1, quern.code(), quern.out());
    assertEquals(1, quern.err().lines().count(), quern.err());
    assertTrue(quern.err().contains("in epoch 2, step 2, and training stopped"), quern.err());
    assertTrue(quern.err().contains("lower --lr"), quern.err());
    assertArrayEquals(before, Files.readAllBytes(run.resolve(LAST)));

    Path none = folder.resolve("none");
    Quern anew = train(none, "--epochs", 1, "--lr", 1e37);
    assertEquals(1, anew.code(), anew.out());
    assertTrue(anew.err().contains("in epoch 1, step 2, and training stopped"), anew.err());
    assertFalse(Files.exists(none.resolve(LAST)));
  }

  @Test
  void aCheckpointOfAnotherArchitectureIsRefused() throws IOException {
    Path run = folder.resolve("run");
    done(train(run, "--epochs", 1));
    Path pixel = folder.resolve("pixel");
    done(
        Quern.run(
            "train",
            "--model",
            "pixel",
            "--synthetic",
            3,
            "--epochs",
            1,
            "--pixels",
            50,
            "--backend",
            "reference",
            "--out",
            pixel));
    Path wide = folder.resolve("wide");
    done(train(wide, "--width", 4, "--epochs", 1));
    Path deep = folder.resolve("deep");
    done(train(deep, "--depth", 3, "--epochs", 1));

    resumedWith(run, pixel, "it holds a model of kind pixel");
    resumedWith(pixel, run, "it holds a model of kind unet");
    resumedWith(run, wide, "it holds a network of width 4 and depth 2 in place of 2 and 2");
    resumedWith(run, deep, "it holds a network of width 2 and depth 3 in place of 2 and 2");

    Safetensors last = Safetensors.read(run.resolve(LAST));
    says(last, "width", "4", "down.0.0.weight is F32 (2, 1, 3, 3) in place of F32 (4, 1, 3, 3)");
    says(last, "depth", "3", "it holds no tensor named down.2.0.weight");
    says(last, "depth", "9", "depth from 1 to 8");
    says(last, "channels", "3", "its input_mean is");
    says(last, "classes", "2", "it has 2 classes, and models of one are used");
    says(last, "input_std", "0.0", "its input_std is not above 0");
    says(last, "model", "oracle", "it holds a model of kind oracle");
  }

  /** Puts the checkpoint of another run into a run and tries to go on. */
  private void resumedWith(Path run, Path other, String part) throws IOException {
    Path last = run.resolve(LAST);
    byte[] own = Files.readAllBytes(last);
    byte[] others = Files.readAllBytes(other.resolve(LAST));
    Files.write(last, others);
    refused(Quern.run("train", "--resume", run, "--epochs", 2), part);
    assertArrayEquals(others, Files.readAllBytes(last));
    Files.write(last, own);
  }

  private void says(Safetensors whole, String key, String value, String part) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>(whole.metadata());
    metadata.put(key, value);
    Path file = folder.resolve("changed.safetensors");
    new Safetensors(whole.tensors(), metadata).write(file);
    Path images = folder.resolve("images");
    MaskPng.write(images.resolve("one.png"), new Mask(2, 3, new byte[6]));
    Path out = folder.resolve("out");
    refused(Quern.run("predict", "--checkpoint", file, "--images", images, "--out", out), part);
    assertFalse(Files.exists(out));
  }

  @Test
  void wrongSizesAreRefused() throws IOException {
    Path run = folder.resolve("run");
    refused(
        Quern.run("train", "--crop", 100, "--depth", 4, "--out", run),
        "--crop is 100, but a U-Net of 4 levels takes multiples of 8; give 104.");
    refused(
        Quern.run("train", "--crop", 8, "--out", run),
        "--crop is 8, of which the lowest of 4 levels sees a single pixel, and batch normalization needs more; give 16.");
    refused(
        Quern.run("train", "--crop", 65_536, "--synthetic", 2, "--out", run),
        "A batch of 8 crops of 65536 x 65536 with 1 channel has more than 2147483647 values; give a smaller --crop or --batch-size.");
    refused(Quern.run("train", "--crop", 0, "--out", run), "--crop is 0; give at least 1.");
    refused(Quern.run("train", "--depth", 9, "--out", run), "--depth is 9; give 1 to 8.");
    refused(Quern.run("train", "--depth", 0, "--out", run), "--depth is 0; give 1 to 8.");
    refused(Quern.run("train", "--width", 0, "--out", run), "--width is 0; give at least 1.");
    for (String option : List.of("--width", "--depth", "--crop", "--weights")) {
      refused(
          Quern.run("train", "--model", "pixel", option, 8, "--out", run),
          option + " goes with --model unet, but the model is pixel.");
    }
    assertFalse(Files.exists(run));
    done(train(run, "--epochs", 1));
    Path config = run.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace("\"depth\" : 2", "\"depth\" : 9"));
    refused(Quern.run("train", "--resume", run, "--epochs", 2), "config.json is damaged");
    Files.writeString(config, text.replace("\"network\"", "\"nothing\""));
    refused(Quern.run("train", "--resume", run, "--epochs", 2), "config.json is damaged");
  }

  /** Trains a tiny network, on the reference unless another backend is said. */
  static Quern train(Path run, Object... options) {
    List<Object> all = new ArrayList<>(List.of("train", "--out", run));
    List<Object> usual =
        List.of(
            "--synthetic",
            5,
            "--batch-size",
            2,
            "--width",
            2,
            "--depth",
            2,
            "--crop",
            16,
            "--backend",
            "reference");
    List<Object> given = List.of(options);
    for (int i = 0; i < usual.size(); i += 2) {
      if (!given.contains(usual.get(i))) {
        all.addAll(usual.subList(i, i + 2));
      }
    }
    all.addAll(given);
    return Quern.run(all.toArray());
  }

  private static Object[] with(Object[] options, Object... more) {
    List<Object> all = new ArrayList<>(List.of(options));
    all.addAll(List.of(more));
    return all.toArray();
  }

  static void done(Quern quern) {
    assertEquals(0, quern.code(), quern.err());
  }

  static void refused(Quern quern, String part) {
    assertEquals(2, quern.code(), quern.out() + quern.err());
    assertEquals(
        1,
        quern.err().lines().filter(line -> !line.startsWith("quern: see quern ")).count(),
        quern.err());
    assertTrue(quern.err().contains(part), quern.err());
  }
}
