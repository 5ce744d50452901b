package dev.quern.reference;

import dev.quern.DeviceInfo;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import dev.quern.spi.host.ArrayKernels;
import java.util.List;

/** Provides the reference backend, which runs everywhere. */
public final class ReferenceProvider implements BackendProvider {
  /** Creates the provider; called by the service loader. */
  public ReferenceProvider() {}

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Availability probe() {
    return new Availability.Available(List.of(device()));
  }

  @Override
  public Backend open(int device) {
    return new ReferenceBackend(device());
  }

  @Override
  public ArrayKernels arrays() {
    return ReferenceArrayKernels.SHARED;
  }

  private static DeviceInfo device() {
    return new DeviceInfo(
        "reference",
        0,
        "plain Java, one thread",
        DeviceInfo.Kind.CPU,
        0,
        1,
        "Java " + Runtime.version(),
        List.of());
  }
}
