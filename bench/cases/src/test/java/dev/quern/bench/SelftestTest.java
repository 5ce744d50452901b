package dev.quern.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.CaseResult.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelftestTest {

  private static final List<String> REFERENCE = List.of("reference");
  private static final List<String> GOLDEN =
      List.of(
          "dice",
          "bce",
          "adam",
          "binary_jaccard_index",
          "confusion_scores",
          "cosine_annealing_warm_restarts",
          "reduce_lr_on_plateau");

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  private String lastLine() {
    return bytes.toString(StandardCharsets.UTF_8).lines().reduce("", (_, line) -> line);
  }

  @Test
  void everyCaseOfTheGoldenSuitesHolds() {
    Report report = Selftest.run(new SelftestOptions(REFERENCE, null, GOLDEN, false), out);
    assertEquals(List.of(), report.failures());
    Map<String, Long> passed =
        report.results().stream()
            .filter(result -> result.status() == Status.PASSED)
            .collect(Collectors.groupingBy(CaseResult::suite, Collectors.counting()));
    assertEquals(
        Map.of(
            "dice", 56L,
            "bce", 22L,
            "adam", 24L,
            "binary_jaccard_index", 30L,
            "confusion_scores", 4L,
            "cosine_annealing_warm_restarts", 36L,
            "reduce_lr_on_plateau", 256L),
        passed);
    assertEquals("428 passed, 0 failed", lastLine());
  }

  @Test
  void sabotageFailsInEveryKernelFamilyAndInTheGoldenSuitesThatUseThem() {
    Report report = Selftest.run(new SelftestOptions(REFERENCE, null, List.of(), true), out);
    assertEquals(List.of(), BackendSuite.unnoticed(report));
    for (String suite :
        List.of("gradient", "dice", "bce", "adam", "binary_jaccard_index", "confusion_scores")) {
      assertTrue(
          report.results().stream()
              .anyMatch(r -> r.suite().equals(suite) && r.status() == Status.FAILED),
          suite);
    }
  }

  @Test
  void aBackendAskedForByNameAndAbsentIsAFailure() {
    Report report =
        Selftest.run(new SelftestOptions(List.of("abacus"), null, List.of(), false), out);
    assertEquals("0 passed, 1 failed", lastLine());
    assertEquals(1, report.failures().size());
  }

  @Test
  void aSuiteThatDoesNotExistIsRefused() {
    var options = new SelftestOptions(REFERENCE, null, List.of("tango"), false);
    assertThrows(IllegalArgumentException.class, () -> Selftest.run(options, out));
  }

  @Test
  void otherGoldenFoldersAreRead(@TempDir Path folder) throws IOException {
    var options = new SelftestOptions(REFERENCE, folder, List.of("waltz"), false);
    assertThrows(IllegalArgumentException.class, () -> Selftest.run(options, out));
    Files.writeString(
        folder.resolve("waltz.json"), "{\"suite\": \"waltz\", \"cases\": [{\"name\": \"a\"}, {}]}");
    assertEquals(2, Selftest.run(options, out).count(Status.SKIPPED));
    assertEquals("0 passed, 0 failed, 2 skipped", lastLine());
    Files.writeString(folder.resolve("torn.json"), "{\"suite\": \"torn\", \"ca");
    assertThrows(IllegalArgumentException.class, () -> Selftest.run(options, out));
  }
}
