package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DeviceException;
import dev.quern.DeviceInfo;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import org.junit.jupiter.api.Test;

class CudaProviderTest {
  @Test
  void listsDevicesOrReasons() {
    switch (new CudaProvider().probe()) {
      case Availability.Unavailable(var reasons) -> {
        assertFalse(reasons.isEmpty());
        reasons.forEach(r -> assertTrue(r.contains(": ") && r.endsWith("."), r));
      }
      case Availability.Available(var devices) -> {
        for (int i = 0; i < devices.size(); i++) {
          DeviceInfo device = devices.get(i);
          assertEquals("cuda:" + i, device.id());
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
    var _ = new CudaProvider().probe();
    assertEquals(before, System.getProperty("java.io.tmpdir"));
  }

  @Test
  void refusesADeviceThatIsNotThere() {
    String message = CudaTesting.failure(DeviceException.class, () -> new CudaProvider().open(99));
    assertTrue(message.startsWith("There is no device cuda:99"), message);
  }

  @Test
  void opensAndClosesManyTimes() {
    for (int i = 0; i < 50; i++) {
      Backend backend = CudaTesting.open();
      var _ = backend.memory().allocate(1 << 20);
      backend.synchronize();
      backend.close();
      backend.close();
    }
  }
}
