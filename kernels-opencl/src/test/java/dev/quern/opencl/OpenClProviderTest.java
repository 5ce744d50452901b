package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceException;
import dev.quern.DeviceInfo;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OpenClProviderTest {
  @Test
  void listsDevicesOrReasons() {
    switch (new OpenClProvider().probe()) {
      case Availability.Unavailable(var reasons) -> {
        assertFalse(reasons.isEmpty());
        reasons.forEach(r -> assertTrue(r.contains(": ") && r.endsWith("."), r));
      }
      case Availability.Available(var devices) -> {
        for (int i = 0; i < devices.size(); i++) {
          DeviceInfo device = devices.get(i);
          assertEquals("opencl:" + i, device.id());
          assertFalse(device.name().isBlank());
          assertTrue(device.memoryBytes() > 0);
          assertTrue(device.computeUnits() > 0);
        }
      }
    }
  }

  @Test
  void leavesTheTemporaryFolderAlone() {
    String before = System.getProperty("java.io.tmpdir");
    var _ = new OpenClProvider().probe();
    assertEquals(before, System.getProperty("java.io.tmpdir"));
  }

  @Test
  void deniedNativeAccessIsAReason() {
    List<String> lines = ChildProcess.run("devices", Map.of(), "--illegal-native-access=deny");
    String first = lines.getFirst();
    assertTrue(first.startsWith("Native access is denied to JOCL: "), first);
    assertTrue(first.contains("--enable-native-access=dev.quern.opencl,jocl"), first);
    assertTrue(lines.get(1).startsWith("Backend 'opencl' cannot be used: "), lines.toString());
  }

  @Test
  void refusesADeviceThatIsNotThere() {
    String message =
        OpenClTesting.failure(DeviceException.class, () -> new OpenClProvider().open(99));
    assertTrue(message.startsWith("There is no device opencl:99"), message);
  }

  @Test
  void opensAndClosesManyTimes() {
    for (int i = 0; i < 50; i++) {
      Backend backend = OpenClTesting.open();
      var _ = backend.memory().allocate(1 << 20);
      backend.synchronize();
      backend.close();
      backend.close();
    }
  }
}
