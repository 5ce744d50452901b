package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quern.Backends;
import dev.quern.spi.Availability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training gives the same validation IoU on every backend, and the same bits twice on one. */
class BackendsAgreeTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"simd", "opencl", "cuda"})
  void trainsAsTheReferenceDoes(String backend) throws IOException {
    assumeTrue(
        Backends.probe().get(backend) instanceof Availability.Available,
        () -> backend + " is not usable here");
    Path reference = train("reference", "reference");
    Path one = train(backend, "one");
    Path two = train(backend, "two");
    List<String> expected = Files.readAllLines(reference.resolve("metrics.csv"));
    List<String> actual = Files.readAllLines(one.resolve("metrics.csv"));
    assertEquals(4, expected.size());
    for (int i = 1; i < expected.size(); i++) {
      assertEquals(valIou(expected.get(i)), valIou(actual.get(i)), 1e-3, "epoch " + i);
    }
    assertArrayEquals(
        Files.readAllBytes(one.resolve("checkpoint-last.safetensors")),
        Files.readAllBytes(two.resolve("checkpoint-last.safetensors")));
  }

  private Path train(String backend, String name) {
    Path run = folder.resolve(name);
    Quern quern =
        Quern.run(
            "train",
            "--model",
            "pixel",
            "--synthetic",
            12,
            "--batch-size",
            3,
            "--epochs",
            3,
            "--pixels",
            1001,
            "--backend",
            backend,
            "--out",
            run);
    assertEquals(0, quern.code(), quern.err());
    return run;
  }

  private static double valIou(String line) {
    return Double.parseDouble(line.split(",", -1)[5]);
  }
}
