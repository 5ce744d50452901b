package dev.quern.bench.selftest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.bench.check.CaseResult;
import dev.quern.bench.check.CaseResult.Status;
import dev.quern.reference.ReferenceProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceSuiteTest {

  @Test
  @Tag("thorough")
  void everyCaseHolds() {
    assertHolds(BackendSuite.run("reference"));
  }

  private static void assertHolds(Report report) {
    assertEquals(List.of(), report.failures());
    assertEquals(List.of(), BackendSuite.unproven(report));
    assertEquals(
        List.of(
            "not supported with F16 by this backend", "not supported with BF16 by this backend"),
        report.results().stream()
            .filter(result -> result.status() == Status.SKIPPED)
            .map(CaseResult::detail)
            .distinct()
            .toList());
  }

  @Test
  void aSampleHoldsAndItsBitsAreDigested(@TempDir Path folder) throws IOException {
    Path one = folder.resolve("digests/one.txt");
    System.setProperty("quern.bench.digests", one.toString());
    try {
      assertHolds(BackendSuite.sample("reference"));
    } finally {
      System.clearProperty("quern.bench.digests");
    }
    Path other = folder.resolve("other.txt");
    Files.copy(one, other);
    assertEquals(List.of(), Digests.differences(one, other));
    List<String> lines = Files.readAllLines(other);
    lines.set(0, "0" + lines.getFirst());
    lines.removeLast();
    Files.write(other, lines);
    assertEquals(2, Digests.differences(one, other).size());
  }

  @Test
  void arrayKernelsHold() {
    assertEquals(List.of(), BackendSuite.arrays(new ReferenceProvider().arrays()).failures());
  }
}
