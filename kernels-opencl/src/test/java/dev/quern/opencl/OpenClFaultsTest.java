package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.BackendUnavailableException;
import dev.quern.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines and drivers that are not as they should be, and what works all the same. */
class OpenClFaultsTest {
  private static final String COMPUTES = " computes [2.0, 4.0]";

  @TempDir private Path folder;

  @BeforeEach
  void needsADevice() {
    var _ = OpenClTesting.device();
  }

  @Test
  void aMissingLoader() throws IOException {
    // found before the real one, and no library
    Files.createFile(folder.resolve("libOpenCL.so.1"));
    assertUnavailable(
        "libOpenCL.so.1 cannot be loaded: install an ICD loader, e.g. Debian's ocl-icd-libopencl1,"
            + " and the OpenCL driver of your device.",
        Map.of("LD_LIBRARY_PATH", folder.toString()));
  }

  @Test
  void aLoaderWithoutPlatforms() {
    assertUnavailable(
        "The OpenCL loader found no platform: install your device's OpenCL driver, or Debian's"
            + " pocl-opencl-icd to compute on the CPU.",
        Map.of("OCL_ICD_VENDORS", folder.toString()));
  }

  @Test
  void aPlatformWithoutDevices() throws IOException {
    Path driver = ChildProcess.compile("empty_icd.c", folder);
    Files.writeString(folder.resolve("empty.icd"), driver.toString());
    assertUnavailable(
        "The platform Platform Without Devices has no device (CL_DEVICE_NOT_FOUND): check that the"
            + " device is there and that you may use it.",
        Map.of("OCL_ICD_VENDORS", folder.toString()));
  }

  private static void assertUnavailable(String reason, Map<String, String> environment) {
    String inSentence = reason.substring(0, reason.length() - 1);
    assertEquals(
        List.of(
            reason,
            "Backend 'opencl' cannot be used: " + inSentence + ". Usable here: reference.",
            "reference:0" + COMPUTES),
        ChildProcess.run("devices", environment, ChildProcess.NATIVE_ACCESS));
  }

  @Test
  void anUnknownDevice() {
    String message =
        OpenClTesting.failure(BackendUnavailableException.class, () -> Engine.open("opencl:99"));
    assertTrue(message.startsWith("Backend 'opencl' has no device 99; it has: opencl:0"), message);
    message =
        OpenClTesting.failure(BackendUnavailableException.class, () -> Engine.open("opencl:x"));
    assertEquals(
        "'opencl:x' does not name a device; write for example opencl or opencl:1.", message);
  }

  @Test
  void severalDevicesAtOnce() {
    List<String> lines =
        ChildProcess.run(
            "devices", Map.of("POCL_DEVICES", "basic pthread"), ChildProcess.NATIVE_ACCESS);
    Assumptions.assumeTrue(lines.size() >= 4, "Only PoCL can show several devices here.");
    assertTrue(lines.contains("opencl:0" + COMPUTES), lines.toString());
    assertTrue(lines.contains("opencl:1" + COMPUTES), lines.toString());
  }

  @Test
  void aDeviceWithoutMemoryLeft() {
    List<String> lines =
        ChildProcess.run("exhaust", Map.of("POCL_MEMORY_LIMIT", "1"), ChildProcess.NATIVE_ACCESS);
    long block = Long.parseLong(lines.get(0).replace("block ", ""));
    String held = lines.get(1).replaceAll(".*live ", "");
    assertTrue(lines.get(1).startsWith("7 blocks"), lines.get(1));
    String message = lines.get(2);
    assertTrue(message.startsWith("Device opencl:0 has no " + block + " bytes left: "), message);
    assertTrue(message.contains(": " + held + " are held by tensors, "), message);
    assertTrue(message.contains(" are reserved. Use a smaller batch"), message);
    assertEquals("opencl:0" + COMPUTES, lines.get(3));
    // the blocks given back were handed on to the device
    assertTrue(Long.parseLong(lines.get(4).replace("reserved ", "")) < 3 * block, lines.get(4));
    assertEquals("opencl:0" + COMPUTES, lines.get(5));
  }

  @Test
  void aDriverThatFails() {
    Path layer = ChildProcess.compile("fault_layer.c", folder);
    List<String> lines =
        ChildProcess.run(
            "faults",
            Map.of(
                "OPENCL_LAYERS",
                layer.toString(),
                "QUERN_FAULT",
                folder.resolve("fault").toString(),
                "XDG_CACHE_HOME",
                folder.toString()),
            ChildProcess.NATIVE_ACCESS);
    Assumptions.assumeFalse(lines.contains("It succeeds."), "This loader has no layers.");
    assertEquals("opencl:0" + COMPUTES, lines.get(0));
    String build = lines.get(1);
    assertTrue(
        build.startsWith("DeviceException: OpenCL's clBuildProgram for reduction.cl"), build);
    assertTrue(build.contains("CL_BUILD_PROGRAM_FAILURE; update the device's driver"), build);
    assertEquals("sum 3.0", lines.get(2));
    assertEquals(
        "OutOfDeviceMemoryException: OpenCL's clEnqueueNDRangeKernel for add failed:"
            + " CL_MEM_OBJECT_ALLOCATION_FAILURE. No kernel was under way. Use a smaller batch, or"
            + " close tensors earlier.",
        lines.get(3));
    assertEquals("opencl:0" + COMPUTES, lines.get(4));
    String lost = lines.get(5).replace("DeviceException: ", "");
    assertTrue(lost.startsWith("OpenCL's clFinish failed: CL_OUT_OF_RESOURCES."), lost);
    String repeated =
        "DeviceException: The device was lost earlier and its engine has to be closed: " + lost;
    assertEquals(repeated, lines.get(6));
    assertEquals(repeated, lines.get(7));
    assertEquals("opencl:0" + COMPUTES, lines.getLast());
  }

  /** A driver that keeps compiled programs itself is not asked for them. */
  @Test
  void compiledProgramsAreKeptInOnePlace() {
    var environment = Map.of("XDG_CACHE_HOME", folder.toString());
    List<String> first = ChildProcess.run("devices", environment, ChildProcess.NATIVE_ACCESS);
    boolean kept = Files.exists(folder.resolve("quern").resolve("opencl"));
    assertEquals(OpenClTesting.device().keepsPrograms(), !kept);
    assertEquals(first, ChildProcess.run("devices", environment, ChildProcess.NATIVE_ACCESS));
  }

  @Test
  void faultsOfJavaWithoutAnyOption() {
    List<String> lines = ChildProcess.run("faults of Java", Map.of());
    assertTrue(lines.contains("opencl:0" + COMPUTES), lines.toString());
    assertTrue(lines.contains("ArithmeticException"), lines.toString());
    assertTrue(lines.contains("NullPointerException"), lines.toString());
  }

  @Test
  void buildsBesideBusyThreads() {
    List<String> lines = ChildProcess.run("busy threads", Map.of(), ChildProcess.NATIVE_ACCESS);
    assertTrue(lines.contains("sum 54.0"), lines.toString());
  }
}
