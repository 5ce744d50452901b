package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.nn.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run some of whose files are damaged does not go on, and stays as it is. */
class DamagedRunTest {

  @TempDir Path folder;

  private Path run;
  private Path last;

  @BeforeEach
  void train() {
    run = folder.resolve("run");
    last = run.resolve("checkpoint-last.safetensors");
    Object[] words = {
      "train",
      "--model",
      "pixel",
      "--synthetic",
      3,
      "--epochs",
      2,
      "--pixels",
      50,
      "--backend",
      "reference",
      "--out",
      run
    };
    assertEquals(0, Quern.run(words).code());
  }

  @Test
  void metricsThatLackALine() throws IOException {
    Path metrics = run.resolve("metrics.csv");
    List<String> lines = Files.readAllLines(metrics);
    for (int missing : new int[] {1, 2}) {
      Files.write(metrics, List.of(lines.getFirst(), lines.get(3 - missing)));
      refused("metrics.csv", "1 epoch of the 2", "put back the whole file, or start a new run");
    }
    Files.write(metrics, lines);
    Quern resumed = Quern.run("train", "--resume", run, "--epochs", 3);
    assertEquals(0, resumed.code(), resumed.err());
  }

  @Test
  void anOptimizerStateThatIsNotJson() throws IOException {
    Safetensors whole = Safetensors.read(last);
    for (String damaged : List.of("[{lr:", "{}", "[]")) {
      Map<String, String> metadata = new LinkedHashMap<>(whole.metadata());
      metadata.put("optimizer.param_groups", damaged);
      new Safetensors(whole.tensors(), metadata).write(last);
      refused(
          "checkpoint-last.safetensors is not a usable checkpoint of the pixel model (",
          "use another one or train anew");
    }
    Map<String, String> metadata = new LinkedHashMap<>(whole.metadata());
    metadata.put("scheduler", "{x");
    new Safetensors(whole.tensors(), metadata).write(last);
    refused("is not a usable checkpoint of the pixel model (");
  }

  private void refused(String... parts) throws IOException {
    byte[] before = Files.readAllBytes(last);
    Quern quern = Quern.run("train", "--resume", run, "--epochs", 3);
    assertEquals(2, quern.code(), quern.out());
    assertEquals(1, quern.err().lines().count(), quern.err());
    for (String part : parts) {
      assertTrue(quern.err().contains(part), quern.err());
    }
    assertFalse(quern.err().contains("Source"), quern.err());
    assertArrayEquals(before, Files.readAllBytes(last));
  }
}
