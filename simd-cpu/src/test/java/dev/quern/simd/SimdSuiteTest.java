package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceInfo;
import dev.quern.bench.BackendSuite;
import dev.quern.bench.CaseResult.Status;
import dev.quern.bench.Report;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All cases of the kernel suites, alone and shared among threads. */
class SimdSuiteTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void agreesWithTheReference(int threads) {
    DeviceInfo device = new DeviceInfo("simd", 0, "test", DeviceInfo.Kind.CPU, 0, threads, "");
    check(BackendSuite.run(new SimdBackend(device, new WorkerPool(threads, false))));
  }

  @Test
  void arrayKernelsAgreeWithTheReference() {
    check(BackendSuite.arrays(new SimdArrayKernels(new WorkerPool(2, false))));
  }

  private static void check(Report report) {
    assertEquals(List.of(), report.failures());
    assertTrue(report.count(Status.PASSED) > 100, "only " + report.count(Status.PASSED));
  }
}
