package dev.quern.bench.selftest;

import dev.quern.Engine;
import dev.quern.bench.check.CaseResult;
import dev.quern.bench.golden.GoldenSuite;
import java.util.List;

/**
 * Runs the cases of a golden suite; those that belong to what is still to come are counted as
 * skipped.
 */
final class GoldenRun {

  private GoldenRun() {}

  static List<CaseResult> on(Engine engine, GoldenSuite suite) {
    return on(engine, suite, Selection.ALL);
  }

  static List<CaseResult> on(Engine engine, GoldenSuite suite, Selection selection) {
    return KernelSuites.part(selection.of(suite.cases())).stream()
        .map(golden ->
            suite.supports(golden)
                ? CaseResult.attempt(suite.name(), golden.id(), () -> suite.check(engine, golden))
                : CaseResult.skipped(suite.name(), golden.id(), "not yet"))
        .toList();
  }
}
