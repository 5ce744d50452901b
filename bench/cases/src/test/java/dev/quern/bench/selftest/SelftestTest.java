package dev.quern.bench.selftest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.check.CaseResult;
import dev.quern.bench.check.CaseResult.Status;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Backend;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SelftestTest {

  private static final String MAX_ELEMENTS = "quern.selftest.maxElements";
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
  @Tag("thorough")
  void sabotageFailsInEveryKernelFamilyAndInTheGoldenSuitesThatUseThem() {
    assertSabotageIsNoticed(
        Selftest.run(new SelftestOptions(REFERENCE, null, List.of(), true), out));
  }

  @Test
  void sabotageFailsInASampleOfEveryKernelFamily() {
    Backend sabotaged = BackendSuite.sabotaged(new ReferenceProvider().open(0));
    assertSabotageIsNoticed(BackendSuite.sample(sabotaged));
  }

  private static void assertSabotageIsNoticed(Report report) {
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

  @Test
  void jsonHoldsTheNumbersOfEverySuiteAndTheFailures() {
    var suites = new ArrayList<SuiteResult>();
    var options = new SelftestOptions(REFERENCE, null, List.of("reduction", "dice"), true);
    Report report = Selftest.run(options, out, suites::add);
    JsonNode json = parse(SelftestJson.write("quern 7", Instant.EPOCH, true, suites));
    assertEquals("quern 7", json.get("quern").asString());
    assertEquals("1970-01-01T00:00:00Z", json.get("started").asString());
    assertTrue(json.get("complete").asBoolean());
    assertEquals(report.count(Status.PASSED), json.get("passed").asLong());
    assertEquals(report.count(Status.FAILED), json.get("failed").asLong());
    assertEquals(2, json.get("suites").size());
    JsonNode reduction = json.get("suites").get(0);
    assertEquals("reference", reduction.get("backend").asString());
    assertEquals("reduction", reduction.get("suite").asString());
    assertTrue(reduction.get("failed").asInt() > 5, reduction::toString);
    assertEquals(reduction.get("failed").asInt(), reduction.get("failures").size());
    JsonNode failure = reduction.get("failures").get(0);
    assertTrue(
        report.failures().getFirst().contains(failure.get("case").asString()), failure::toString);
    assertTrue(report.failures().getFirst().endsWith(failure.get("why").asString()));
  }

  @Test
  void largerCasesThanAllowedAreSkippedBeforeTheyRun() {
    System.setProperty(MAX_ELEMENTS, "4096");
    try {
      var suites = new ArrayList<SuiteResult>();
      var options = new SelftestOptions(REFERENCE, null, List.of("reduction"), false);
      Report report = Selftest.run(options, out, suites::add);
      assertEquals(0, report.count(Status.FAILED));
      List<String> skipped =
          report.results().stream()
              .filter(result -> result.status() == Status.SKIPPED)
              .map(CaseResult::name)
              .toList();
      assertTrue(skipped.contains("sum 4097 positive seed 4097"), skipped::toString);
      assertFalse(skipped.contains("sum 4096 positive seed 4096"), skipped::toString);
      JsonNode json = parse(SelftestJson.write("", Instant.EPOCH, true, suites));
      assertEquals(
          skipped.size(),
          json.at("/suites/0/skipReasons/more than 4096 elements").asInt(),
          json::toString);
    } finally {
      System.clearProperty(MAX_ELEMENTS);
    }
  }

  @Test
  void aLimitThatIsNoNumberIsAFailure() {
    System.setProperty(MAX_ELEMENTS, "4K");
    try {
      var options = new SelftestOptions(REFERENCE, null, List.of("random"), false);
      Report report = Selftest.run(options, out);
      assertEquals(0, report.count(Status.PASSED));
      assertTrue(report.failures().getFirst().contains("at least 1, got 4K."));
    } finally {
      System.clearProperty(MAX_ELEMENTS);
    }
  }

  private static JsonNode parse(String json) {
    assertEquals(1, json.lines().count());
    return JsonMapper.builder().build().readTree(json);
  }
}
