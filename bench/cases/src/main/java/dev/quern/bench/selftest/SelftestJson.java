package dev.quern.bench.selftest;

import dev.quern.bench.check.CaseResult;
import dev.quern.bench.check.CaseResult.Status;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A selftest as JSON in one line: the numbers of each suite on each backend, and the cases that
 * failed. Of the others only the reasons why they were skipped are named.
 */
public final class SelftestJson {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private SelftestJson() {}

  /**
   * {@return what a selftest found so far}
   *
   * @param quern the version that was tested
   * @param started when
   * @param complete whether all suites are there, so that a run that was cut can be told
   * @param suites one for each suite and backend
   */
  public static String write(
      String quern, Instant started, boolean complete, List<SuiteResult> suites) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("format", 1);
    json.put("quern", quern);
    json.put("started", started.truncatedTo(ChronoUnit.SECONDS).toString());
    json.put("seconds", Duration.between(started, Instant.now()).toMillis() / 1e3);
    json.put("complete", complete);
    var all = suites.stream().flatMap(suite -> suite.report().results().stream()).toList();
    putCounts(json, new Report(all));
    var list = json.putArray("suites");
    for (SuiteResult suite : suites) {
      ObjectNode entry = list.addObject();
      entry.put("backend", suite.backend());
      entry.put("suite", suite.suite());
      putCounts(entry, suite.report());
      var failures = entry.putArray("failures");
      for (CaseResult result : suite.report().results()) {
        if (result.status() == Status.FAILED) {
          failures.addObject().put("case", result.name()).put("why", result.detail());
        }
      }
      ObjectNode reasons = entry.putObject("skipReasons");
      suite.report().skipReasons().forEach(reasons::put);
    }
    return MAPPER.writeValueAsString(json) + "\n";
  }

  private static void putCounts(ObjectNode node, Report report) {
    node.put("passed", report.count(Status.PASSED));
    node.put("failed", report.count(Status.FAILED));
    node.put("skipped", report.count(Status.SKIPPED));
  }
}
