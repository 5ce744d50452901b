package dev.quern.opencl.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DeviceInfo.Kind;
import java.util.List;
import java.util.Set;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;
import org.junit.jupiter.api.Test;

class PlatformsTest {
  /** The name of the backend alone means the first device. */
  @Test
  void aProcessorIsNotBeforeAGpuWhateverThePlatformsAreCalled() {
    List<Device> found =
        List.of(
            device("Portable 0", Kind.CPU),
            device("rusticl 0", Kind.GPU),
            device("rusticl 1", Kind.GPU),
            device("rusticl 2", Kind.CPU));
    assertEquals(
        List.of("rusticl 0", "rusticl 1", "Portable 0", "rusticl 2"),
        Platforms.numbered(found).stream().map(Device::name).toList());
  }

  private static Device device(String name, Kind kind) {
    return new Device(
        new cl_platform_id(), new cl_device_id(), name, kind, 1, 1, 1, 1, "", "", Set.of());
  }
}
