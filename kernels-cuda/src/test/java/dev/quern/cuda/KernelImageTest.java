package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Version;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class KernelImageTest {
  private static final Version TOOLKIT = new Version(13, 0);

  @Test
  void takesDevicesThatTheImageHasCodeForOnDriversOfItsMajorVersion() {
    for (int capability : new int[] {80, 86, 89, 90}) {
      assertNull(refusal(new Version(13, 2), new Version(13, 0), capability));
      assertNull(refusal(TOOLKIT, new Version(14, 1), capability));
      assertEquals(
          "The NVIDIA driver supports CUDA 12.8 and the kernels for X were built with CUDA 13.0:"
              + " install driver 580 or newer.",
          refusal(TOOLKIT, new Version(12, 8), capability));
    }
  }

  @Test
  void takesOthersWhereTheDriverCompilesPtxOfTheToolkit() {
    for (int capability : new int[] {75, 100, 120}) {
      assertNull(refusal(TOOLKIT, TOOLKIT, capability));
      assertEquals(
          "The NVIDIA driver supports CUDA 13.0 and the kernels for X were built with CUDA 13.1:"
              + " install a driver for CUDA 13.1 or newer.",
          refusal(new Version(13, 1), TOOLKIT, capability));
    }
  }

  @Test
  void refusesDevicesBelowThePtx() {
    assertEquals(
        "X has compute capability 7.0 and the kernels of this build are for 7.5 and more: use"
            + " another backend, such as opencl.",
        refusal(TOOLKIT, TOOLKIT, 70));
  }

  private static @Nullable String refusal(Version toolkit, Version driver, int capability) {
    return KernelImage.refusal(toolkit, driver, new Device(0, "X", 1L << 30, 1, capability));
  }
}
