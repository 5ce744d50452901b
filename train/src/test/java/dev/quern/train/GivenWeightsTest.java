package dev.quern.train;

import static dev.quern.train.UNetTrainingTest.done;
import static dev.quern.train.UNetTrainingTest.refused;
import static dev.quern.train.UNetTrainingTest.train;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.nn.safetensors.Weights;
import dev.quern.nn.unet.UNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that start from weights of a file. */
class GivenWeightsTest {

  private static final String LAST = "checkpoint-last.safetensors";

  @TempDir Path folder;

  @Test
  void trainingBeginsThere() throws IOException {
    Path file = weights("given", 77);
    Map<String, StoredTensor> given = Safetensors.read(file).tensors();
    Path run = folder.resolve("run");
    // steps so small that no weight moves, but the running statistics do
    done(train(run, "--weights", file, "--epochs", 1, "--lr", 1e-30));
    Safetensors last = Safetensors.read(run.resolve(LAST));
    int weights = 0;
    for (String name : given.keySet()) {
      if (name.contains("running_")) {
        assertNotEquals(-1, last.tensor(name).data().mismatch(given.get(name).data()), name);
      } else if (name.endsWith("num_batches_tracked")) {
        assertEquals(41 + 3, last.tensor(name).longs()[0]);
      } else {
        // a bias is 0 and moves by as much
        assertArrayEquals(given.get(name).floats(), last.tensor(name).floats(), 1e-28f, name);
        weights++;
      }
    }
    assertEquals(6 * 3 + 2, weights);
    String config = Files.readString(run.resolve("config.json"));
    assertTrue(config.contains("\"weights\" : \"" + file + "\""), config);

    // the seed of the weights that are not drawn changes only which crops are seen
    Path same = folder.resolve("same");
    done(train(same, "--weights", file, "--epochs", 1, "--lr", 1e-30));
    assertArrayEquals(
        Files.readAllBytes(run.resolve(LAST)), Files.readAllBytes(same.resolve(LAST)));

    // a run that goes on has its own
    Files.delete(file);
    done(Quern.run("train", "--resume", run, "--epochs", 2));
    refused(
        Quern.run("train", "--resume", run, "--epochs", 3, "--weights", file),
        "--weights cannot be given with --resume");
  }

  @Test
  void aCheckpointGivesTheWeightsThatItPredictsWith() throws IOException {
    Path first = folder.resolve("first");
    done(train(first, "--epochs", 2, "--ema", 0.5));
    Path second = folder.resolve("second");
    Path checkpoint = first.resolve(LAST);
    done(train(second, "--weights", checkpoint, "--epochs", 1, "--lr", 1e-30));
    Safetensors before = Safetensors.read(checkpoint);
    Safetensors after = Safetensors.read(second.resolve(LAST));
    for (String name : List.of("down.0.0.weight", "up.0.4.bias", "head.weight")) {
      assertEquals(-1, before.tensor(name).data().mismatch(after.tensor(name).data()), name);
      assertNotEquals(
          -1, before.tensor("training." + name).data().mismatch(after.tensor(name).data()), name);
    }
    assertTrue(Files.readString(second.resolve("config.json")).contains(checkpoint.toString()));
    assertFalse(Files.readString(first.resolve("config.json")).contains("safetensors"));
  }

  @Test
  void whatDoesNotFitIsRefusedAndNothingWritten() throws IOException {
    Path file = weights("given", 3);
    refusedWeights(file, "different: down.0.0.weight (F32 (2, 1, 3, 3)", "--width", 4);
    refusedWeights(file, "missing: down.2.0.weight, ", "--depth", 3);
    refusedWeights(file, "superfluous: ", "--depth", 1);

    Safetensors whole = Safetensors.read(file);
    Map<String, StoredTensor> tensors = new LinkedHashMap<>(whole.tensors());
    tensors.put("module.head.weight", whole.tensor("head.weight"));
    tensors.remove("head.weight");
    new Safetensors(tensors, Map.of()).write(file);
    refusedWeights(file, "missing: head.weight; superfluous: module.head.weight");
    tensors.remove("module.head.weight");
    tensors.put("head.weight", StoredTensor.of(Shape.of(1, 2, 1, 1), new float[] {1, Float.NaN}));
    new Safetensors(tensors, Map.of()).write(file);
    refusedWeights(file, "holds a NaN or an infinity in the tensor head.weight");

    Files.write(file, new byte[100]);
    refusedWeights(file, "is not a whole safetensors file (");
    Files.delete(file);
    refusedWeights(file, "no such file or folder");
    refusedWeights(folder, "Cannot read --weights");
  }

  private void refusedWeights(Path file, String part, Object... options) throws IOException {
    Path run = folder.resolve("run");
    Object[] all = new Object[options.length + 4];
    all[0] = "--weights";
    all[1] = file;
    all[2] = "--epochs";
    all[3] = 1;
    System.arraycopy(options, 0, all, 4, options.length);
    Quern quern = train(run, all);
    refused(quern, part);
    refused(quern, "--weights");
    assertFalse(Files.exists(run));
    // neither in a folder that was there
    Files.createDirectory(run);
    refused(train(run, all), part);
    try (var entries = Files.list(run)) {
      assertEquals(0, entries.count());
    }
    Files.delete(run);
  }

  /** Weights of a network of width 2 and depth 2 that has seen 41 batches. */
  private Path weights(String name, long seed) throws IOException {
    Path file = folder.resolve(name + ".safetensors");
    try (Engine engine = Engine.open("reference");
        UNet network = new UNet(engine, new UNet.Shape(2, 2, 1, 1), seed)) {
      Map<String, StoredTensor> tensors = new LinkedHashMap<>(Weights.of(network.parameters()));
      tensors.replaceAll((tensor, values) ->
          tensor.endsWith("num_batches_tracked")
              ? StoredTensor.of(values.shape(), new long[] {41})
              : values);
      new Safetensors(tensors, Map.of()).write(file);
    }
    return file;
  }
}
