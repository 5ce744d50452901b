package dev.quern.cuda;

import dev.quern.DeviceException;
import dev.quern.DeviceInfo;
import dev.quern.cuda.host.Device;
import dev.quern.cuda.host.Driver;
import dev.quern.cuda.host.Version;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import java.util.ArrayList;
import java.util.List;

/** Provides the NVIDIA devices that can run the kernels. */
public final class CudaProvider implements BackendProvider {
  /** Creates the provider; called by the service loader. */
  public CudaProvider() {}

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int priority() {
    return 400;
  }

  @Override
  public Availability probe() {
    Usable usable = Discovered.USABLE;
    if (usable.devices().isEmpty()) {
      return new Availability.Unavailable(usable.reasons());
    }
    var devices = new ArrayList<DeviceInfo>();
    for (int i = 0; i < usable.devices().size(); i++) {
      devices.add(describe(i));
    }
    return new Availability.Available(devices);
  }

  @Override
  public Backend open(int device) {
    List<Device> devices = Discovered.USABLE.devices();
    if (device < 0 || device >= devices.size()) {
      throw new DeviceException(
          "There is no device cuda:%d: this machine has %d usable CUDA devices, counted from 0."
              .formatted(device, devices.size()));
    }
    return new CudaBackend(describe(device), devices.get(device));
  }

  private DeviceInfo describe(int index) {
    Device device = Discovered.USABLE.devices().get(index);
    return new DeviceInfo(
        name(),
        index,
        device.name(),
        DeviceInfo.Kind.GPU,
        device.memoryBytes(),
        device.multiprocessors(),
        "CUDA " + Discovered.USABLE.driver());
  }

  /** The devices that can be used, and why others, or all, cannot. */
  private record Usable(Version driver, List<Device> devices, List<String> reasons) {}

  /** Looked for once, at the first question. */
  private static final class Discovered {
    static final Usable USABLE = look();

    private static Usable look() {
      Version toolkit = KernelImage.toolkit();
      if (toolkit == null) {
        return new Usable(
            new Version(0, 0),
            List.of(),
            List.of(
                "This build has no CUDA kernels because nvcc was not found: install the CUDA"
                    + " toolkit (12 or newer) and build again."));
      }
      Driver.Discovery found = Driver.discover();
      var devices = new ArrayList<Device>();
      var reasons = new ArrayList<>(found.reasons());
      for (Device device : found.devices()) {
        String refusal = KernelImage.refusal(toolkit, found.version(), device);
        if (refusal == null) {
          devices.add(device);
        } else {
          reasons.add(refusal);
        }
      }
      return new Usable(found.version(), List.copyOf(devices), List.copyOf(reasons));
    }
  }
}
