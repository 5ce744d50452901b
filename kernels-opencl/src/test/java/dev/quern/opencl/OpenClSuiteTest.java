package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceInfo;
import dev.quern.bench.check.CaseResult.Status;
import dev.quern.bench.selftest.BackendSuite;
import dev.quern.bench.selftest.Report;
import dev.quern.gpu.host.Geometry;
import dev.quern.opencl.host.Device;
import dev.quern.opencl.host.Feature;
import java.util.HashSet;
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

  @Test
  void randomLossesAgreeWithTheirDefinitions() {
    var _ = OpenClTesting.device();
    assertEquals(List.of(), BackendSuite.random("opencl", 60, 1).failures());
  }

  /** The geometry of GPUs gives right results on any device. */
  @Test
  void agreesWithTheReferenceInTheGeometryOfGpus() {
    Device device = OpenClTesting.device();
    assertAgrees(device, LaunchGeometry.of(DeviceInfo.Kind.GPU));
  }

  /** Without fp64 every f64 operation of every family is emulated. */
  @Test
  void agreesWithTheReferenceWithoutFp64() {
    Device device = OpenClTesting.device();
    var features = new HashSet<>(device.features());
    features.remove(Feature.FP64);
    var without =
        new Device(
            device.platform(),
            device.id(),
            device.name(),
            device.kind(),
            device.memoryBytes(),
            device.largestBlock(),
            device.computeUnits(),
            device.largestGroup(),
            device.driver(),
            device.identity(),
            features);
    assertAgrees(without, LaunchGeometry.of(without));
  }

  private static void assertAgrees(Device device, Geometry geometry) {
    Report report = BackendSuite.run(OpenClTesting.open(device, geometry, _ -> {}));
    assertEquals(List.of(), report.failures());
    assertTrue(report.count(Status.PASSED) > 800, "only " + report.count(Status.PASSED));
  }
}
