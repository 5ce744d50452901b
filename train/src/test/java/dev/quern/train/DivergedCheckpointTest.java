package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Shape;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint with numbers that are none, in whichever tensor, is refused by all that read it. */
class DivergedCheckpointTest {

  private static final List<String> TENSORS =
      List.of(
          "linear.weight",
          "linear.bias",
          "features.mean",
          "features.std",
          "optimizer.state.0.exp_avg",
          "optimizer.state.1.exp_avg_sq");

  @TempDir Path folder;

  @Test
  void everyTensorIsLookedAt() throws IOException {
    Path run = folder.resolve("run");
    Object[] train = {
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
      "reference"
    };
    Object[] words = new Object[train.length + 2];
    System.arraycopy(train, 0, words, 0, train.length);
    words[train.length] = "--out";
    words[train.length + 1] = run;
    assertEquals(0, Quern.run(words).code());
    Path last = run.resolve("checkpoint-last.safetensors");
    Safetensors whole = Safetensors.read(last);
    assertTrue(whole.tensors().keySet().containsAll(TENSORS), whole.tensors()::toString);

    Path out = folder.resolve("out");
    for (String name : TENSORS) {
      with(whole, name, name.length() % 2 == 0 ? Float.NaN : Float.NEGATIVE_INFINITY).write(last);
      refused(Quern.run("predict", "--checkpoint", last, "--images", images(), "--out", out), name);
      refused(Quern.run("train", "--resume", run, "--epochs", 2), name);
    }
    assertFalse(Files.exists(out));
    refusedMetadata(whole, run, "epoch", "-1");
    refusedMetadata(whole, run, "best_val_iou", "NaN");
    with(whole, "features.std", 0).write(last);
    Quern flat = Quern.run("predict", "--checkpoint", last, "--images", images(), "--out", out);
    assertEquals(2, flat.code());
    assertTrue(flat.err().contains("features.std holds 0.0"), flat.err());
  }

  private static void refusedMetadata(Safetensors whole, Path run, String key, String value)
      throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>(whole.metadata());
    metadata.put(key, value);
    new Safetensors(whole.tensors(), metadata).write(run.resolve("checkpoint-last.safetensors"));
    Quern resumed = Quern.run("train", "--resume", run, "--epochs", 2);
    assertEquals(2, resumed.code(), resumed.err());
    assertTrue(resumed.err().contains("its " + key + " is " + value), resumed.err());
  }

  private Path images() {
    Path images = folder.resolve("images");
    if (!Files.exists(images)) {
      MaskPng.write(images.resolve("one.png"), new Mask(2, 3, new byte[6]));
    }
    return images;
  }

  private static void refused(Quern quern, String name) {
    assertEquals(2, quern.code(), quern.err());
    assertEquals(1, quern.err().lines().count(), quern.err());
    assertTrue(quern.err().contains("checkpoint-last.safetensors"), quern.err());
    assertTrue(quern.err().contains("the tensor " + name + ", because training"), quern.err());
  }

  /** The same with another last element in one tensor. */
  private static Safetensors with(Safetensors whole, String name, float value) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>(whole.tensors());
    Shape shape = whole.tensor(name).shape();
    float[] values = whole.tensor(name).floats();
    values[values.length - 1] = value;
    tensors.put(name, StoredTensor.of(shape, values));
    return new Safetensors(tensors, whole.metadata());
  }
}
