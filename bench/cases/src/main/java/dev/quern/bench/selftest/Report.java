package dev.quern.bench.selftest;

import dev.quern.bench.check.CaseResult;
import dev.quern.bench.check.CaseResult.Status;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What became of a run of cases.
 *
 * @param results one per case, in the order they ran
 */
public record Report(List<CaseResult> results) {

  /** Makes the list unmodifiable. */
  public Report {
    results = List.copyOf(results);
  }

  /**
   * {@return how many cases ended so}
   *
   * @param status passed, failed or skipped
   */
  public long count(Status status) {
    return results.stream().filter(result -> result.status() == status).count();
  }

  /** {@return the cases that failed, one line each with the reason} */
  public List<String> failures() {
    return results.stream()
        .filter(result -> result.status() == Status.FAILED)
        .map(result -> result.suite() + ": " + result.name() + ": " + result.detail())
        .toList();
  }

  /**
   * {@return the numbers that a selftest ends with, such as {@code 7 passed, 0 failed, 2 skipped}}
   */
  public String summary() {
    long skipped = count(Status.SKIPPED);
    return count(Status.PASSED)
        + " passed, "
        + count(Status.FAILED)
        + " failed"
        + (skipped == 0 ? "" : ", " + skipped + " skipped");
  }

  /** {@return the reasons why cases were skipped and how often each holds} */
  SortedMap<String, Long> skipReasons() {
    return results.stream()
        .filter(result -> result.status() == Status.SKIPPED)
        .collect(Collectors.groupingBy(CaseResult::detail, TreeMap::new, Collectors.counting()));
  }
}
