package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.BackendSuite;
import dev.quern.bench.CaseResult.Status;
import dev.quern.bench.Report;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenClSuiteTest {
  /** Finds the backend by its name, so that its registration is tested too. */
  @Test
  void agreesWithTheReference() {
    var _ = OpenClTesting.device();
    Report report = BackendSuite.run("opencl");
    assertEquals(List.of(), report.failures());
    assertTrue(report.count(Status.PASSED) > 800, "only " + report.count(Status.PASSED));
  }
}
