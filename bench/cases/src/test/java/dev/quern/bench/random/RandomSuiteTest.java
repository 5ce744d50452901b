package dev.quern.bench.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.selftest.BackendSuite;
import dev.quern.bench.selftest.Report;
import dev.quern.bench.selftest.Selftest;
import dev.quern.bench.selftest.SelftestOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class RandomSuiteTest {
  private static final List<String> REFERENCE = List.of("reference");

  @Test
  void referenceAgreesWithTheDefinitions() {
    assertEquals(List.of(), BackendSuite.random("reference", 300, 1).failures());
  }

  @Test
  void sabotagedReferenceIsCaught() {
    var out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    var options = new SelftestOptions(REFERENCE, null, List.of(), true, 50, 1);
    Report report = Selftest.run(options, out);
    assertTrue(report.failures().size() > 5, report.summary());
  }

  @Test
  @Tag("thorough")
  void everyKindOfCaseNoticesSabotage() {
    var out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    var options = new SelftestOptions(REFERENCE, null, List.of(), true, 200, 2);
    List<String> failures = Selftest.run(options, out).failures();
    for (String kind :
        List.of(
            "steps of parameters.*AdamRule",
            "steps of parameters.*SgdRule",
            "binary counts",
            "multilabel counts",
            "multiclass counts",
            "options=Lovasz",
            "options=Overlap")) {
      Pattern pattern = Pattern.compile(kind);
      assertTrue(failures.stream().anyMatch(f -> pattern.matcher(f).find()), kind);
    }
  }

  @Test
  void failureNamesTheCommandThatDrawsTheSameCase() {
    for (int i = 0; i < 20; i++) {
      long seed = RandomSuite.seedOf(7, i);
      assertEquals(RandomSuite.draw(seed).describe(), RandomSuite.draw(seed).describe());
      assertEquals(seed, RandomSuite.seedOf(seed, 0));
    }
  }
}
