package dev.quern.cuda;

import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a device's kernels come from: the images of this build if driver and device take them, else
 * the first compiler on the machine whose code they take, else nowhere, with the reasons.
 */
final class KernelLadder {
  /** The sources pass parameter structures as grid constants, which older compilers do not know. */
  private static final Version OLDEST_COMPILER = new Version(11, 7);

  private static final int LEAST_CAPABILITY = 70;

  private KernelLadder() {}

  /** The rung on which a device stands. */
  sealed interface Rung {}

  /** The images of this build. */
  record Image() implements Rung {}

  /**
   * The sources, compiled on this machine.
   *
   * @param compiler its place among the compilers found
   * @param architecture {@code sm_86} for machine code, {@code compute_75} for PTX
   */
  record Compiled(int compiler, String architecture) implements Rung {}

  /**
   * None.
   *
   * @param reasons one sentence each, naming the remedy
   */
  record Refused(List<String> reasons) implements Rung {}

  /**
   * A compiler on the machine.
   *
   * @param version the version of CUDA it belongs to
   * @param architectures the compute capabilities it makes code for, ascending
   */
  record Compiler(Version version, List<Integer> architectures) {}

  /**
   * The compilers of the machine.
   *
   * @param found in the order of trying
   * @param absence why there are none
   */
  record Compilers(List<Compiler> found, String absence) {}

  /**
   * Chooses.
   *
   * @param images the version that made the images; null if there are none
   * @param driver the version the driver supports
   * @param device the device
   * @param compilers asked for only if the images do not serve
   */
  static Rung choose(
      @Nullable Version images, Version driver, Device device, Supplier<Compilers> compilers) {
    if (device.capability() < LEAST_CAPABILITY) {
      return new Refused(
          List.of(
              "%s has compute capability %s and the kernels need 7.0: use another backend, such as opencl."
                  .formatted(device.name(), dotted(device.capability()))));
    }
    String refusal = imageRefusal(images, driver, device);
    if (refusal == null) {
      return new Image();
    }
    var reasons = new ArrayList<>(List.of(refusal));
    Compilers here = compilers.get();
    for (int i = 0; i < here.found().size(); i++) {
      Compiler compiler = here.found().get(i);
      String architecture = architecture(compiler, driver, device);
      if (architecture != null) {
        return new Compiled(i, architecture);
      }
      reasons.add(
          "NVRTC %s makes no code that this driver (CUDA %s) takes for %s of compute capability %s: install NVRTC of CUDA %s."
              .formatted(
                  compiler.version(), driver, device.name(), dotted(device.capability()), driver));
    }
    if (here.found().isEmpty()) {
      reasons.add(here.absence());
    }
    return new Refused(List.copyOf(reasons));
  }

  private static @Nullable String imageRefusal(
      @Nullable Version images, Version driver, Device device) {
    return images == null
        ? "This build has no CUDA kernels because nvcc was not found: install the CUDA toolkit (12"
            + " or newer) and build again."
        : KernelImage.refusal(images, driver, device);
  }

  /** Returns what the compiler is to make for a device, or null if driver or device refuse it. */
  private static @Nullable String architecture(Compiler compiler, Version driver, Device device) {
    int capability = device.capability();
    int nearest =
        compiler.architectures().stream()
            .filter(a -> a >= LEAST_CAPABILITY && a <= capability)
            .reduce(0, Math::max);
    if (nearest == 0 || compiler.version().compareTo(OLDEST_COMPILER) < 0) {
      return null;
    }
    // machine code runs within a major capability, on drivers of the compiler's major version
    if (nearest / 10 == capability / 10 && compiler.version().major() <= driver.major()) {
      return "sm_" + nearest;
    }
    return compiler.version().compareTo(driver) <= 0 ? "compute_" + nearest : null;
  }

  private static String dotted(int capability) {
    return capability / 10 + "." + capability % 10;
  }
}
