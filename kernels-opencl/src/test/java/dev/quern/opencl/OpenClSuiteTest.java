package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceInfo;
import dev.quern.bench.BackendSuite;
import dev.quern.bench.CaseResult.Status;
import dev.quern.bench.Report;
import dev.quern.opencl.host.Device;
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

  /** The geometry of GPUs gives right results on any device. */
  @Test
  void agreesWithTheReferenceInTheGeometryOfGpus() {
    Device device = OpenClTesting.device();
    var info =
        new DeviceInfo(
            "opencl",
            0,
            device.name(),
            DeviceInfo.Kind.GPU,
            device.memoryBytes(),
            device.computeUnits(),
            device.driver(),
            List.of());
    LaunchGeometry geometry = LaunchGeometry.of(DeviceInfo.Kind.GPU);
    Report report = BackendSuite.run(new OpenClBackend(info, device, geometry));
    assertEquals(List.of(), report.failures());
  }
}
