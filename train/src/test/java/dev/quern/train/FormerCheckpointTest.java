package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.quern.nn.safetensors.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs whose checkpoints hold the optimizer's state under the names of the parameters: what they
 * predict, score, and become when they are resumed was computed by the version that wrote them, on
 * the reference.
 */
class FormerCheckpointTest {

  private static final List<String> MODEL =
      List.of(
          "linear.weight",
          "linear.bias",
          "features.mean",
          "features.std",
          "input.low",
          "input.high");

  private final Path former = former();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"adam", "sgd"})
  void predictsAndScoresAsBefore(String name) throws IOException {
    Path checkpoint = former.resolve(name).resolve("checkpoint-last.safetensors");
    Path out = folder.resolve("out");
    Quern predicted =
        Quern.run(
            "predict",
            "--probabilities",
            "--checkpoint",
            checkpoint,
            "--images",
            former.resolve("images"),
            "--out",
            out,
            "--backend",
            "reference");
    assertEquals(0, predicted.code(), predicted.err());
    for (String file : List.of("p0.png", "p1.png")) {
      assertArrayEquals(
          Files.readAllBytes(former.resolve(name).resolve("predicted").resolve(file)),
          Files.readAllBytes(out.resolve(file)),
          file);
    }
    Quern scored =
        Quern.run(
            "evaluate",
            "--checkpoint",
            checkpoint,
            "--images",
            former.resolve("images"),
            "--masks",
            former.resolve("masks"),
            "--backend",
            "reference");
    assertEquals(Files.readString(former.resolve(name).resolve("evaluated.txt")), scored.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"adam", "sgd"})
  void resumesAsBefore(String name) throws IOException {
    Path run = folder.resolve("run");
    copy(former.resolve(name), run);
    Quern resumed = Quern.run("train", "--resume", run, "--epochs", 4);
    assertEquals(0, resumed.code(), resumed.err());
    Safetensors before = Safetensors.read(former.resolve(name).resolve("resumed.safetensors"));
    Safetensors now = Safetensors.read(run.resolve("checkpoint-last.safetensors"));
    for (String tensor : MODEL) {
      same(before, tensor, now, tensor);
    }
    for (int i = 0; i < 2; i++) {
      String parameter = MODEL.get(i);
      if (name.equals("adam")) {
        same(before, "optimizer." + parameter + ".weight", now, "training." + parameter);
        for (String key : List.of("exp_avg", "exp_avg_sq")) {
          String entry = "optimizer.state." + i + "." + key;
          same(before, "optimizer." + parameter + "." + key, now, entry);
        }
      } else {
        String entry = "optimizer.state." + i + ".momentum_buffer";
        same(before, "optimizer." + parameter + ".momentum_buffer", now, entry);
      }
    }
    long step = before.tensor("optimizer.linear.bias.step").longs()[0];
    assertEquals("[" + step + "," + step + "]", now.text("optimizer.steps"));
    for (String text : List.of("epoch", "best_val_iou", "scheduler")) {
      assertEquals(before.text(text), now.text(text));
    }
  }

  private static void same(Safetensors before, String was, Safetensors now, String is) {
    assertEquals(before.tensor(was).shape(), now.tensor(is).shape(), is);
    assertEquals(-1, before.tensor(was).data().mismatch(now.tensor(is).data()), is);
    assertFalse(before.tensor(was).data().byteSize() == 0, is);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static Path former() {
    try {
      return Path.of(
          Objects.requireNonNull(FormerCheckpointTest.class.getResource("former")).toURI());
    } catch (URISyntaxException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }
}
