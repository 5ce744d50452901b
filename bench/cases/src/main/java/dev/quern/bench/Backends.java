package dev.quern.bench;

import dev.quern.BackendUnavailableException;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** Finds and opens backends by name. */
final class Backends {

  private Backends() {}

  /** The providers on the path, the simplest first. */
  static List<BackendProvider> providers() {
    return ServiceLoader.load(BackendProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparingInt(BackendProvider::priority))
        .toList();
  }

  /**
   * Opens a backend, or one of its devices as in {@code opencl:1}.
   *
   * @throws BackendUnavailableException if there is none of that name or it cannot be used here
   */
  static Backend open(String name) {
    int colon = name.indexOf(':');
    BackendProvider provider = provider(colon < 0 ? name : name.substring(0, colon));
    int device = 0;
    if (colon >= 0) {
      try {
        device = Integer.parseInt(name.substring(colon + 1));
      } catch (NumberFormatException e) {
        throw new BackendUnavailableException(
            "Backend " + name + " is not of the form NAME or NAME:DEVICE, as in opencl:1.");
      }
    }
    switch (provider.probe()) {
      case Availability.Unavailable(var reasons) ->
          throw new BackendUnavailableException(
              "Backend " + name + " cannot be used: " + String.join("; ", reasons));
      case Availability.Available(var devices) -> {
        if (device < 0 || device >= devices.size()) {
          throw new BackendUnavailableException(
              "Backend "
                  + name
                  + " does not exist: "
                  + provider.name()
                  + " has "
                  + devices.size()
                  + " devices.");
        }
      }
    }
    return provider.open(device);
  }

  private static BackendProvider provider(String name) {
    List<BackendProvider> providers = providers();
    return providers.stream()
        .filter(provider -> provider.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new BackendUnavailableException(
                "Backend "
                    + name
                    + " is not on the class path or module path; these are: "
                    + String.join(", ", providers.stream().map(BackendProvider::name).toList())
                    + "."));
  }
}
