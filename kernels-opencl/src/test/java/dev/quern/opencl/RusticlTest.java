package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mesa's rusticl, on the processor: a driver that keeps to the letter of the specification. */
class RusticlTest {
  private static final Path DRIVER = Path.of("/etc/OpenCL/vendors/rusticl.icd");

  @TempDir private Path cache;

  @BeforeEach
  void isInstalled() {
    Assumptions.assumeTrue(Files.exists(DRIVER), "No rusticl: Debian's mesa-opencl-icd is absent.");
  }

  @Test
  void itsDeviceIsFoundAndComputes() {
    List<String> lines = run("devices");
    assertTrue(lines.contains("opencl:0 computes [2.0, 4.0]"), lines.toString());
  }

  @Test
  void confusionCountsAgreeWithTheReference() {
    assertAgrees("confusion");
  }

  /** The other families are beyond Mesa 22.3, which Debian 12 has. */
  @Test
  @Tag("thorough")
  void familiesWithoutF64AgreeWithTheReference() {
    assertAgrees("pointwise,matrix,random,confusion");
  }

  private void assertAgrees(String suites) {
    List<String> lines = run("selftest", "-Xmx2g", "-Dsuites=" + suites);
    assertEquals(suites.split(",").length + 1, lines.size(), lines.toString());
    assertTrue(lines.getLast().matches("[0-9]{3,} passed, 0 failed"), lines.toString());
  }

  private List<String> run(String scenario, String... options) {
    Map<String, String> environment =
        Map.of(
            "OCL_ICD_VENDORS",
            DRIVER.toString(),
            "RUSTICL_ENABLE",
            "llvmpipe",
            "XDG_CACHE_HOME",
            cache.toString());
    String[] all = new String[options.length + 1];
    all[0] = ChildProcess.NATIVE_ACCESS;
    System.arraycopy(options, 0, all, 1, options.length);
    return ChildProcess.run(scenario, environment, all);
  }
}
