package dev.quern.train.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.speed.result.Machine;
import dev.quern.bench.speed.result.Measurement;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchProcessTest {

  @Test
  void measuresInAProcessWithTheSameOptions() throws IOException {
    var run =
        BenchProcess.run(
            List.of("bench", "--quick", "--backend=reference", "--case=fill", "--sizes=1024"));
    assertEquals(List.of("fill"), run.measurements().stream().map(Measurement::benchmark).toList());
    assertTrue(run.measurements().getFirst().taken());
    assertEquals(Machine.here(), run.machine());
  }

  @Test
  void aProcessThatFailsSaysWhy() {
    var failure =
        assertThrows(
            IOException.class, () -> BenchProcess.run(List.of("bench", "--case=no such kernel")));
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains("No benchmark is named so"), message);
  }
}
