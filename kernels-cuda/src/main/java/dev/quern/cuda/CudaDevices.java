package dev.quern.cuda;

import dev.quern.DeviceInfo;
import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Driver;
import dev.quern.cuda.host.Nvrtc;
import dev.quern.cuda.host.Version;
import dev.quern.gpu.program.BinaryCache;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The devices of this machine that can be used, and why others, or all, cannot.
 *
 * @param driver the version the driver supports
 * @param usable in the driver's order
 * @param reasons one sentence each, naming the remedy
 */
record CudaDevices(Version driver, List<Usable> usable, List<String> reasons) {
  private static final int FIRST_WITH_BF16 = 80;

  /**
   * A device with kernels for it.
   *
   * @param device the device
   * @param images its kernels
   * @param compiler what compiles them on this machine; null if they come with this build
   */
  record Usable(Device device, KernelImages images, @Nullable Version compiler) {}

  /**
   * Looks for devices; never throws. {@code -Dquern.cuda.nvrtc=true} has the kernels compiled on
   * this machine even where the build's own would do.
   */
  static CudaDevices discover() {
    Driver.Discovery found = Driver.discover();
    Version images = Boolean.getBoolean("quern.cuda.nvrtc") ? null : KernelImage.toolkit();
    var usable = new ArrayList<Usable>();
    var reasons = new ArrayList<>(found.reasons());
    for (Device device : found.devices()) {
      switch (KernelLadder.choose(images, found.version(), device, CudaDevices::compilers)) {
        case KernelLadder.Image _ -> usable.add(new Usable(device, KernelImage::read, null));
        case KernelLadder.Compiled(int compiler, String architecture) -> {
          Nvrtc nvrtc = Compilers.FOUND.compilers().get(compiler);
          usable.add(
              new Usable(
                  device,
                  new CompiledImages(nvrtc, architecture, BinaryCache.ofUser("cuda")),
                  nvrtc.version()));
        }
        case KernelLadder.Refused(List<String> why) -> reasons.addAll(why);
      }
    }
    return new CudaDevices(found.version(), List.copyOf(usable), List.copyOf(reasons));
  }

  private static KernelLadder.Compilers compilers() {
    return new KernelLadder.Compilers(
        Compilers.FOUND.compilers().stream()
            .map(nvrtc -> new KernelLadder.Compiler(nvrtc.version(), nvrtc.architectures()))
            .toList(),
        Compilers.FOUND.reason());
  }

  DeviceInfo describe(int index) {
    Usable chosen = usable.get(index);
    Device device = chosen.device();
    return new DeviceInfo(
        "cuda",
        index,
        device.name(),
        DeviceInfo.Kind.GPU,
        device.memoryBytes(),
        device.multiprocessors(),
        "CUDA "
            + driver
            + (chosen.compiler() == null ? "" : ", kernels by NVRTC " + chosen.compiler()),
        features(device));
  }

  /** Every device that gets here has f64, 64-bit atomics, warps and f16. */
  private static List<String> features(Device device) {
    String capability =
        "compute capability " + device.capability() / 10 + "." + device.capability() % 10;
    return device.capability() >= FIRST_WITH_BF16
        ? List.of(capability, "bf16")
        : List.of(capability);
  }

  /** Looked for at most once, since the libraries are large. */
  private static final class Compilers {
    static final Nvrtc.Discovery FOUND = Nvrtc.discover();
  }
}
