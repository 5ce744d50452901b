package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.quern.cuda.KernelLadder.Compiler;
import dev.quern.cuda.KernelLadder.Compilers;
import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Version;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelLadderTest {
  private static final List<Integer> OF_13 =
      List.of(75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120);
  private static final List<Integer> OF_12 = List.of(50, 60, 61, 70, 75, 80, 86, 87, 89, 90, 100);
  private static final List<Integer> OF_11 = List.of(35, 50, 60, 61, 70, 75, 80, 86, 87, 89, 90);

  /** Images, driver, device, compilers: the rung. */
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          # the images serve: no compiler is asked
          13.0, 13.0,  90, ?,         image
          13.0, 13.0,  75, ?,         image
          13.0, 13.2, 120, ?,         image
          12.8, 13.0,  86, ?,         image
          # an older driver: machine code of a compiler of its major version, PTX of one as old
          13.0, 12.8,  90, 12.8,      sm_90 of 12.8
          13.0, 12.4,  86, 12.8,      sm_86 of 12.8
          13.0, 12.4,  75, 12.8,      sm_75 of 12.8
          13.0, 12.8, 120, 12.6,      compute_100 of 12.6
          13.0, 12.8,  90, 13.0 12.8, sm_90 of 12.8
          13.0, 12.0,  89, 13.0 11.8, sm_89 of 11.8
          13.0, 11.8,  90, 11.8,      sm_90 of 11.8
          # devices that the images are not for
          13.0, 12.8,  70, 12.8,      sm_70 of 12.8
          13.0, 13.0,  70, 13.0 12.8, sm_70 of 12.8
          13.1, 13.0, 120, 13.0,      sm_120 of 13.0
          13.1, 13.0, 121, 13.0,      sm_120 of 13.0
          # no images in this build
          none, 13.0,  90, 13.0,      sm_90 of 13.0
          none, 12.8,  88, 12.8,      sm_87 of 12.8
          none, 13.2, 120, 12.8,      compute_100 of 12.8
          # nowhere
          13.0, 13.0,  61, ?,         none
          13.0, 12.8,  90, 13.0,      none
          13.0, 12.8,  90, none,      none
          13.0, 12.4, 120, 12.8,      none
          13.0, 11.4,  80, 11.6,      none
          none, 13.0,  90, none,      none
          none, 13.0,  70, 13.0,      none
          """)
  void standsOnTheFirstRungThatCarries(
      String images, String driver, int capability, String compilers, String expected) {
    assertEquals(expected, describe(images, driver, capability, compilers));
  }

  @Test
  void saysWhatEachRungIsMissing() {
    assertEquals(
        List.of(
            "The NVIDIA driver supports CUDA 12.4 and the kernels for X were built with CUDA 13.0:"
                + " install driver 580 or newer.",
            "NVRTC 13.0 makes no code that this driver (CUDA 12.4) takes for X of compute"
                + " capability 9.0: install NVRTC of CUDA 12.4."),
        reasons("13.0", "12.4", 90, "13.0"));
    assertEquals(
        List.of(
            "This build has no CUDA kernels because nvcc was not found: install the CUDA toolkit"
                + " (12 or newer) and build again.",
            "No compiler: install one."),
        reasons("none", "12.4", 90, "none"));
    assertEquals(
        List.of(
            "X has compute capability 6.1 and the kernels need 7.0: use another backend, such as"
                + " opencl."),
        reasons("13.0", "13.0", 61, "?"));
  }

  private static String describe(String images, String driver, int capability, String compilers) {
    return switch (choose(images, driver, capability, compilers)) {
      case KernelLadder.Image _ -> "image";
      case KernelLadder.Compiled(int compiler, String architecture) ->
          architecture + " of " + compilers.split(" ", -1)[compiler];
      case KernelLadder.Refused(List<String> reasons) -> {
        reasons.forEach(r -> assertTrue(r.contains(": ") && r.endsWith("."), r));
        yield "none";
      }
    };
  }

  private static List<String> reasons(
      String images, String driver, int capability, String compilers) {
    return switch (choose(images, driver, capability, compilers)) {
      case KernelLadder.Refused(List<String> reasons) -> reasons;
      case KernelLadder.Image _, KernelLadder.Compiled _ -> fail("It should be refused.");
    };
  }

  /** A question mark for the compilers means that nobody may ask. */
  private static KernelLadder.Rung choose(
      String images, String driver, int capability, String compilers) {
    return KernelLadder.choose(
        images.equals("none") ? null : version(images),
        version(driver),
        new Device(0, "X", 1L << 30, 1, capability),
        () -> compilers(compilers.equals("?") ? fail("Nobody should ask.") : compilers));
  }

  private static Compilers compilers(String versions) {
    return versions.equals("none")
        ? new Compilers(List.of(), "No compiler: install one.")
        : new Compilers(
            Arrays.stream(versions.split(" ", -1))
                .map(KernelLadderTest::version)
                .map(v -> new Compiler(v, architectures(v)))
                .collect(Collectors.toList()),
            "");
  }

  private static List<Integer> architectures(Version version) {
    return version.major() == 13 ? OF_13 : version.major() == 12 ? OF_12 : OF_11;
  }

  private static Version version(String text) {
    String[] parts = text.split("\\.", -1);
    return new Version(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
  }
}
