package dev.quern.cuda;

import dev.quern.DeviceException;
import dev.quern.DeviceInfo;
import dev.quern.gpu.GpuBackend;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import java.util.ArrayList;

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
    CudaDevices found = Discovered.DEVICES;
    if (found.usable().isEmpty()) {
      return new Availability.Unavailable(found.reasons());
    }
    var devices = new ArrayList<DeviceInfo>();
    for (int i = 0; i < found.usable().size(); i++) {
      devices.add(found.describe(i));
    }
    return new Availability.Available(devices);
  }

  @Override
  public Backend open(int device) {
    CudaDevices found = Discovered.DEVICES;
    if (device < 0 || device >= found.usable().size()) {
      throw new DeviceException(
          "There is no device cuda:%d: this machine has %d usable CUDA devices, counted from 0."
              .formatted(device, found.usable().size()));
    }
    CudaDevices.Usable usable = found.usable().get(device);
    return new GpuBackend(
        found.describe(device), owned -> new CudaHost(owned, usable.device(), usable.images()));
  }

  /** Looked for once, at the first question. */
  private static final class Discovered {
    static final CudaDevices DEVICES = CudaDevices.discover();
  }
}
