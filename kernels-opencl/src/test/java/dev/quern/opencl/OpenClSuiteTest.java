package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceInfo;
import dev.quern.Engine;
import dev.quern.bench.check.CaseResult.Status;
import dev.quern.bench.check.PreparationCheck;
import dev.quern.bench.selftest.BackendSuite;
import dev.quern.bench.selftest.Report;
import dev.quern.gpu.host.Geometry;
import dev.quern.opencl.host.Device;
import dev.quern.opencl.host.Feature;
import dev.quern.spi.Backend;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class OpenClSuiteTest {
  /** Finds the backend by its name, so that its registration is tested too. */
  @Test
  void aSampleAgreesWithTheReference() {
    var _ = OpenClTesting.device();
    assertHolds(BackendSuite.sample("opencl"));
  }

  @Test
  @Tag("thorough")
  void agreesWithTheReference() {
    var _ = OpenClTesting.device();
    assertAllHold(BackendSuite.run("opencl"));
  }

  @Test
  void preparesBesideCalls() {
    var _ = OpenClTesting.device();
    try (Engine engine = Engine.open("opencl")) {
      assertEquals(Optional.empty(), PreparationCheck.besideCalls(engine));
    }
  }

  @Test
  void randomLossesAgreeWithTheirDefinitions() {
    var _ = OpenClTesting.device();
    assertEquals(List.of(), BackendSuite.random("opencl", 60, 1).failures());
  }

  /** The geometry of GPUs gives right results on any device. */
  @Test
  @Tag("thorough")
  void agreesWithTheReferenceInTheGeometryOfGpus() {
    assertAllHold(BackendSuite.run(inTheGeometryOfGpus()));
  }

  /** Without fp64 every f64 operation of every family is emulated. */
  @Test
  @Tag("thorough")
  void agreesWithTheReferenceWithoutFp64() {
    assertAllHold(BackendSuite.run(withoutFp64()));
  }

  @Test
  void aSampleAgreesWithTheReferenceInTheGeometryOfGpusWithoutFp64() {
    Geometry geometry = LaunchGeometry.of(DeviceInfo.Kind.GPU);
    assertHolds(BackendSuite.sample(backend(deviceWithoutFp64(), geometry)));
  }

  private static Backend inTheGeometryOfGpus() {
    return backend(OpenClTesting.device(), LaunchGeometry.of(DeviceInfo.Kind.GPU));
  }

  private static Backend withoutFp64() {
    Device device = deviceWithoutFp64();
    return backend(device, LaunchGeometry.of(device));
  }

  private static Device deviceWithoutFp64() {
    Device device = OpenClTesting.device();
    var features = new HashSet<>(device.features());
    features.remove(Feature.FP64);
    return new Device(
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
  }

  private static Backend backend(Device device, Geometry geometry) {
    return OpenClTesting.open(device, geometry, _ -> {});
  }

  private static void assertAllHold(Report report) {
    assertHolds(report);
    assertTrue(report.count(Status.PASSED) > 800, "only " + report.count(Status.PASSED));
  }

  private static void assertHolds(Report report) {
    assertEquals(List.of(), report.failures());
    assertEquals(List.of(), BackendSuite.unproven(report));
  }
}
