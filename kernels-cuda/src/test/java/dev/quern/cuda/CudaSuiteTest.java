package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.check.CaseResult.Status;
import dev.quern.bench.selftest.BackendSuite;
import dev.quern.bench.selftest.Report;
import java.util.List;
import org.junit.jupiter.api.Test;

class CudaSuiteTest {
  /** Finds the backend by its name, so that its registration is tested too. */
  @Test
  void agreesWithTheReference() {
    CudaTesting.open().close();
    Report report = BackendSuite.run("cuda");
    assertEquals(List.of(), report.failures());
    assertTrue(report.count(Status.PASSED) > 800, "only " + report.count(Status.PASSED));
  }

  @Test
  void randomLossesAgreeWithTheirDefinitions() {
    CudaTesting.open().close();
    assertEquals(List.of(), BackendSuite.random("cuda", 20, 1).failures());
  }
}
