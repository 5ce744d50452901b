package dev.quern.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.bench.CaseResult.Status;
import dev.quern.reference.ReferenceProvider;
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
        assertEquals(0, report.count(Status.SKIPPED));
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
  void sabotageIsNoticedInEveryFamily() {
    try (var sabotaged = BackendSuite.sabotaged(new ReferenceProvider().open(0))) {
      assertEquals(List.of(), BackendSuite.unnoticed(BackendSuite.run(sabotaged)));
    }
  }
}
