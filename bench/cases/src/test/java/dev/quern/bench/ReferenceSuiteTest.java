package dev.quern.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.CaseResult.Status;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.KernelCases;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.KernelFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceSuiteTest {

  @Test
  void everyCaseHoldsAndTheBitsRepeat(@TempDir Path folder) throws IOException {
    Path one = folder.resolve("digests/one.txt");
    Path other = folder.resolve("digests/other.txt");
    for (Path file : List.of(one, other)) {
      System.setProperty("quern.bench.digests", file.toString());
      try {
        Report report = BackendSuite.run("reference");
        assertEquals(List.of(), report.failures());
        assertEquals(
            List.of("not yet"),
            report.results().stream()
                .filter(result -> result.status() == Status.SKIPPED)
                .map(CaseResult::detail)
                .distinct()
                .toList());
      } finally {
        System.clearProperty("quern.bench.digests");
      }
    }
    assertEquals(List.of(), Digests.differences(one, other));

    List<String> lines = Files.readAllLines(other);
    String changed = lines.getFirst();
    lines.set(0, "0" + changed);
    lines.removeLast();
    Files.write(other, lines);
    assertEquals(2, Digests.differences(one, other).size());
  }

  @Test
  void arrayKernelsHold() {
    assertEquals(List.of(), BackendSuite.arrays(new ReferenceProvider().arrays()).failures());
  }

  @Test
  void sabotageIsNoticedInEveryFamily() {
    Report report = BackendSuite.run(BackendSuite.sabotaged(new ReferenceProvider().open(0)));
    assertEquals(List.of(), BackendSuite.unnoticed(report));
  }

  @Test
  void timesAreMediansOfSynchronisedCalls() {
    KernelCase kernelCase = KernelCases.of(KernelFamily.REDUCTION).getLast();
    try (var backend = new ReferenceProvider().open(0)) {
      KernelTimer.Timing timing = KernelTimer.time(kernelCase, backend);
      assertTrue(timing.repetitions() >= 5);
      assertTrue(timing.medianNanos() > 0);
      assertEquals((double) kernelCase.bytes() / timing.medianNanos(), timing.gigabytesPerSecond());
    }
  }
}
