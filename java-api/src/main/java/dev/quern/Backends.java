package dev.quern;

import dev.quern.spi.ArrayKernels;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds the backends and chooses among them: this is the whole policy. */
public final class Backends {
  private static final System.Logger LOG = System.getLogger("dev.quern");
  private static final System.Logger.Level DEBUG = System.Logger.Level.DEBUG;
  private static final System.Logger.Level WARNING = System.Logger.Level.WARNING;
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private Backends() {}

  /**
   * Looks for all backends.
   *
   * @return what each provider found, by backend name, highest priority first
   */
  public static Map<String, Availability> probe() {
    Map<String, Availability> found = new LinkedHashMap<>();
    for (BackendProvider provider : providers()) {
      found.put(provider.name(), provider.probe());
    }
    return found;
  }

  /**
   * Finds the array kernels of the best CPU backend: what the one-call forms run on.
   *
   * @return the kernels, those of the reference backend if nothing better is here
   */
  public static ArrayKernels arrays() {
    return ArrayKernelsHolder.BEST;
  }

  /** Opens the best device: cuda, an OpenCL GPU, simd, reference. */
  static Engine openBest() {
    String asked = System.getProperty("quern.backend", System.getenv("QUERN_BACKEND"));
    if (asked != null && !asked.isBlank()) {
      return open(asked);
    }
    for (BackendProvider provider : providers()) {
      String name = provider.name();
      if (!(provider.probe() instanceof Availability.Available available)) {
        LOG.log(DEBUG, () -> describe(name, provider.probe()));
        continue;
      }
      DeviceInfo device = firstAutomatic(available.devices());
      if (device == null) {
        LOG.log(DEBUG, () -> name + " has CPU devices only; they are used by name.");
        continue;
      }
      try {
        Engine engine = new Engine(provider.open(device.index()));
        warnIfReference(provider);
        LOG.log(
            System.Logger.Level.INFO, () -> "Using " + device.id() + ", " + device.name() + ".");
        return engine;
      } catch (DeviceException e) {
        LOG.log(WARNING, "Device " + device.id() + " is there but does not open; going on.", e);
      }
    }
    throw new BackendUnavailableException("No backend is here: " + describeAll() + ".");
  }

  static Engine open(String asked) {
    return new Engine(openBackend(asked));
  }

  /**
   * Opens a backend without an engine around it, for tests and measurements of its kernels.
   *
   * @param asked a backend, or a backend and a device number: {@code simd}, {@code opencl:1}
   * @return the backend, owned by the caller
   * @throws BackendUnavailableException if it cannot be used, with the reasons and what can
   */
  public static Backend openBackend(String asked) {
    String[] parts = asked.strip().split(":", 2);
    BackendProvider provider =
        providers().stream().filter(p -> p.name().equals(parts[0])).findFirst().orElse(null);
    if (provider == null) {
      throw new BackendUnavailableException(
          "There is no backend '" + parts[0] + "' here; there are: " + describeAll() + ".");
    }
    if (provider.probe() instanceof Availability.Unavailable unavailable) {
      throw new BackendUnavailableException(
          "Backend '%s' cannot be used: %s. Usable here: %s."
              .formatted(parts[0], joined(unavailable.reasons()), usable()));
    }
    List<DeviceInfo> devices = ((Availability.Available) provider.probe()).devices();
    int index = parts.length == 1 ? 0 : deviceIndex(asked, parts[1]);
    if (index >= devices.size()) {
      throw new BackendUnavailableException(
          "Backend '%s' has no device %d; it has: %s."
              .formatted(
                  parts[0],
                  index,
                  devices.stream()
                      .map(d -> d.id() + " (" + d.name() + ")")
                      .collect(Collectors.joining(", "))));
    }
    return provider.open(index);
  }

  private static void warnIfReference(BackendProvider provider) {
    if (provider.name().equals("reference") && !WARNED.getAndSet(true)) {
      LOG.log(
          WARNING,
          "Using the slow reference backend. Add the artifact quern-simd for the fast one. Here are: "
              + describeAll()
              + ".");
    }
  }

  private static int deviceIndex(String asked, String index) {
    try {
      return Integer.parseUnsignedInt(index);
    } catch (NumberFormatException e) {
      throw new BackendUnavailableException(
          "'" + asked + "' does not name a device; write for example opencl or opencl:1.");
    }
  }

  private static @Nullable DeviceInfo firstAutomatic(List<DeviceInfo> devices) {
    return devices.stream()
        .filter(d -> !d.backend().equals("opencl") || d.kind() == DeviceInfo.Kind.GPU)
        .findFirst()
        .orElse(null);
  }

  private static String usable() {
    return providers().stream()
        .filter(p -> p.probe() instanceof Availability.Available)
        .map(BackendProvider::name)
        .collect(Collectors.joining(", "));
  }

  private static String describeAll() {
    return providers().stream()
        .map(p -> describe(p.name(), p.probe()))
        .collect(Collectors.joining("; "));
  }

  private static String describe(String name, Availability availability) {
    return switch (availability) {
      case Availability.Available a -> name;
      case Availability.Unavailable u -> name + " (not usable: " + joined(u.reasons()) + ")";
    };
  }

  /** Reasons are sentences; inside one of ours they lose their full stop. */
  private static String joined(List<String> reasons) {
    return reasons.stream()
        .map(reason -> reason.endsWith(".") ? reason.substring(0, reason.length() - 1) : reason)
        .collect(Collectors.joining("; "));
  }

  /** All providers that can be loaded, best first; one that cannot must not hide the others. */
  private static List<BackendProvider> providers() {
    List<BackendProvider> providers = new ArrayList<>();
    Iterator<BackendProvider> found =
        ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader()).iterator();
    while (true) {
      try {
        if (!found.hasNext()) {
          break;
        }
        providers.add(found.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        LOG.log(DEBUG, "A backend provider could not be loaded.", e);
      }
    }
    providers.sort(Comparator.comparingInt(BackendProvider::priority).reversed());
    return providers;
  }

  /** The choice is made once per process. */
  private static final class ArrayKernelsHolder {
    static final ArrayKernels BEST = best();

    private static ArrayKernels best() {
      for (BackendProvider provider : providers()) {
        ArrayKernels kernels = provider.arrays();
        if (kernels != null) {
          warnIfReference(provider);
          return kernels;
        }
      }
      throw new BackendUnavailableException("No backend with array kernels is here.");
    }
  }
}
