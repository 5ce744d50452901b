package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.bench.check.CaseResult.Status;
import dev.quern.bench.check.PreparationCheck;
import dev.quern.bench.selftest.BackendSuite;
import dev.quern.bench.selftest.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The cases of all backends; the backend is found by its name, so its registration is tested too.
 */
class CudaSuiteTest {
  @BeforeEach
  void requireDevice() {
    CudaTesting.open().close();
  }

  @Test
  @Tag("thorough")
  void agreesWithTheReference() {
    assertAllHold(BackendSuite.run("cuda"));
  }

  @Test
  void aSampleThatLaunchesEveryKernelAgreesWithTheReference() {
    boolean emulated = EmulatedDriver.isHere();
    if (emulated) {
      neverLaunched();
    }
    assertHolds(BackendSuite.sample("cuda"));
    assertEquals(List.of(), emulated ? neverLaunched() : List.of());
  }

  @Test
  void preparesBesideCalls() {
    try (Engine engine = Engine.open("cuda")) {
      assertEquals(Optional.empty(), PreparationCheck.besideCalls(engine));
    }
  }

  @Test
  void randomLossesAgreeWithTheirDefinitions() {
    assertEquals(List.of(), BackendSuite.random("cuda", 20, 1).failures());
  }

  private static void assertAllHold(Report report) {
    assertHolds(report);
    assertTrue(report.count(Status.PASSED) > 800, "only " + report.count(Status.PASSED));
  }

  private static void assertHolds(Report report) {
    assertEquals(List.of(), report.failures());
    assertEquals(List.of(), BackendSuite.unproven(report));
  }

  /** Returns the kernels that were not launched since the last call. */
  private static List<String> neverLaunched() {
    var never = new ArrayList<String>();
    for (String family : KernelSources.FAMILIES) {
      for (String kernel : KernelSources.cuda(family).keySet()) {
        if (EmulatedDriver.takeLaunches(kernel) == 0) {
          never.add(kernel);
        }
      }
    }
    return never;
  }
}
