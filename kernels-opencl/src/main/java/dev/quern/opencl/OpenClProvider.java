package dev.quern.opencl;

import dev.quern.DeviceException;
import dev.quern.DeviceInfo;
import dev.quern.gpu.GpuBackend;
import dev.quern.opencl.host.Device;
import dev.quern.opencl.host.Feature;
import dev.quern.opencl.host.Platforms;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import java.util.ArrayList;
import java.util.List;

/** Provides the OpenCL devices of all platforms. */
public final class OpenClProvider implements BackendProvider {
  /** Creates the provider; called by the service loader. */
  public OpenClProvider() {}

  @Override
  public String name() {
    return "opencl";
  }

  @Override
  public int priority() {
    return 300;
  }

  @Override
  public Availability probe() {
    Platforms.Discovery found = Discovered.DEVICES;
    if (found.devices().isEmpty()) {
      return new Availability.Unavailable(found.reasons());
    }
    var devices = new ArrayList<DeviceInfo>();
    for (int i = 0; i < found.devices().size(); i++) {
      devices.add(describe(i));
    }
    return new Availability.Available(devices);
  }

  @Override
  public Backend open(int device) {
    List<Device> devices = Discovered.DEVICES.devices();
    if (device < 0 || device >= devices.size()) {
      throw new DeviceException(
          "There is no device opencl:%d: this machine has %d OpenCL devices, counted from 0."
              .formatted(device, devices.size()));
    }
    Device chosen = devices.get(device);
    return new GpuBackend(
        describe(device), owned -> new OpenClHost(owned, chosen, LaunchGeometry.of(chosen)));
  }

  private DeviceInfo describe(int index) {
    Device device = Discovered.DEVICES.devices().get(index);
    return new DeviceInfo(
        name(),
        index,
        device.name(),
        device.kind(),
        device.memoryBytes(),
        device.computeUnits(),
        device.driver(),
        device.features().stream().map(Feature::label).toList());
  }

  /** Looked for once, at the first question. */
  private static final class Discovered {
    static final Platforms.Discovery DEVICES = Platforms.discover();
  }
}
