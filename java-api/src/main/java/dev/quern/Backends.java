package dev.quern;

import dev.quern.engine.Providers;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.BackendProvider;
import dev.quern.spi.host.ArrayKernels;
import java.lang.ref.WeakReference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds the backends and chooses among them: this is the whole policy. Backends are looked for
 * beside these classes and in the calling thread's context class loader.
 */
public final class Backends {
  private static final System.Logger LOG = System.getLogger("dev.quern");
  private static final System.Logger.Level DEBUG = System.Logger.Level.DEBUG;
  private static final System.Logger.Level WARNING = System.Logger.Level.WARNING;
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  /** By context class loader; weakly, so that neither loaders nor their backends are kept. */
  private static final Map<@Nullable ClassLoader, WeakReference<ArrayKernels>> ARRAYS =
      new WeakHashMap<>();

  /** What the last call chose, so that most calls need no lock. */
  private static volatile @Nullable Choice last;

  private record Choice(
      WeakReference<@Nullable ClassLoader> context, WeakReference<ArrayKernels> kernels) {}

  private Backends() {}

  /**
   * Looks for all backends.
   *
   * @return what each provider found, by backend name, highest priority first
   */
  public static Map<String, Availability> probe() {
    Map<String, Availability> found = new LinkedHashMap<>();
    for (BackendProvider provider : here().list()) {
      found.put(provider.name(), provider.probe());
    }
    return found;
  }

  /**
   * Returns the plain backend that the others are compared with, and that computes where no other
   * can.
   *
   * @return its provider
   */
  public static BackendProvider reference() {
    return new ReferenceProvider();
  }

  /**
   * Finds the array kernels that the one-call forms run on: those of the backend that {@code
   * quern.backend} or {@code QUERN_BACKEND} names if it has some, else of the best CPU backend.
   * Looked for once per context class loader.
   *
   * @return the kernels, those of the reference backend if nothing better is here
   * @throws BackendUnavailableException if the backend named cannot be used, with the reasons
   */
  public static ArrayKernels arrays() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    Choice choice = last;
    if (choice != null && choice.context.refersTo(context)) {
      ArrayKernels kernels = choice.kernels.get();
      if (kernels != null) {
        return kernels;
      }
    }
    ArrayKernels kernels = arrays(context);
    last = new Choice(new WeakReference<>(context), new WeakReference<>(kernels));
    return kernels;
  }

  private static ArrayKernels arrays(@Nullable ClassLoader context) {
    synchronized (ARRAYS) {
      WeakReference<ArrayKernels> known = ARRAYS.get(context);
      ArrayKernels kernels = known == null ? null : known.get();
      if (kernels == null) {
        kernels = bestArrays(Providers.of(context));
        ARRAYS.put(context, new WeakReference<>(kernels));
      }
      return kernels;
    }
  }

  private static ArrayKernels bestArrays(Providers providers) {
    String asked = asked();
    if (asked != null) {
      ArrayKernels kernels = requireUsable(providers, asked).arrays();
      if (kernels != null) {
        return kernels;
      }
    }
    for (BackendProvider provider : providers.list()) {
      ArrayKernels kernels = provider.arrays();
      if (kernels != null) {
        warnIfReference(provider, providers);
        return kernels;
      }
    }
    throw new IllegalStateException("The reference has array kernels.");
  }

  static Engine open(EngineOptions options) {
    Providers providers = options.providers();
    String asked = options.backend() == null ? asked() : options.backend();
    return asked == null
        ? openBest(providers, options)
        : new Engine(openNamed(providers, asked, options), options);
  }

  /** The backend that the process is to use, null if that is left to the choice here. */
  private static @Nullable String asked() {
    String asked = System.getProperty("quern.backend", System.getenv("QUERN_BACKEND"));
    return asked == null || asked.isBlank() ? null : asked;
  }

  /** Opens the best device: cuda, an OpenCL GPU, simd, reference. */
  private static Engine openBest(Providers providers, EngineOptions options) {
    for (BackendProvider provider : providers.list()) {
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
        Engine engine = new Engine(open(provider, device.index(), options), options);
        warnIfReference(provider, providers);
        LOG.log(
            System.Logger.Level.INFO, () -> "Using " + device.id() + ", " + device.name() + ".");
        return engine;
      } catch (DeviceException e) {
        LOG.log(WARNING, "Device " + device.id() + " is there but does not open; going on.", e);
      }
    }
    throw new BackendUnavailableException("No backend opens: " + describeAll(providers) + ".");
  }

  /**
   * Opens a backend without an engine around it, for tests and measurements of its kernels.
   *
   * @param asked a backend, or a backend and a device number: {@code simd}, {@code opencl:1}
   * @return the backend, owned by the caller
   * @throws BackendUnavailableException if it cannot be used, with the reasons and what can
   */
  public static Backend openBackend(String asked) {
    return openNamed(here(), asked, new EngineOptions());
  }

  private static Backend openNamed(Providers providers, String asked, EngineOptions options) {
    BackendProvider provider = requireUsable(providers, asked);
    String[] parts = asked.strip().split(":", 2);
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
    return open(provider, index, options);
  }

  private static Backend open(BackendProvider provider, int device, EngineOptions options) {
    return options.threads() == 0
        ? provider.open(device)
        : provider.open(device, options.threads());
  }

  /** The provider of a backend, which has devices. */
  private static BackendProvider requireUsable(Providers providers, String asked) {
    String name = asked.strip().split(":", 2)[0];
    BackendProvider provider = providers.named(name);
    if (provider == null) {
      throw new BackendUnavailableException(
          "There is no backend '" + name + "' here; there are: " + describeAll(providers) + ".");
    }
    if (provider.probe() instanceof Availability.Unavailable unavailable) {
      throw new BackendUnavailableException(
          "Backend '%s' cannot be used: %s. Usable here: %s."
              .formatted(name, joined(unavailable.reasons()), usableNames(providers)));
    }
    return provider;
  }

  private static void warnIfReference(BackendProvider provider, Providers providers) {
    if (provider.name().equals("reference") && !WARNED.getAndSet(true)) {
      LOG.log(WARNING, "Using the slow reference backend. " + whySlow(providers));
    }
  }

  /** Why nothing faster is used, and what to do about it. */
  static String whySlow(Providers providers) {
    BackendProvider simd = providers.named("simd");
    if (simd != null && simd.probe() instanceof Availability.Unavailable unavailable) {
      return "The fast one, simd, cannot be used: " + joined(unavailable.reasons()) + ".";
    }
    boolean simdIsLost = simd == null && isHere("dev/quern/simd/SimdProvider.class");
    if (simdIsLost || !providers.referenceIsListed()) {
      return "META-INF/services/"
          + BackendProvider.class.getName()
          + " does not list all backends that are here: a fat jar has kept one artifact's file of"
          + " several. Merge them (Maven Shade: ServicesResourceTransformer; Gradle Shadow:"
          + " mergeServiceFiles()).";
    }
    return "Add the artifact quern-simd for the fast one. Here are: "
        + describeAll(providers)
        + ".";
  }

  private static boolean isHere(String resource) {
    ClassLoader own = Backends.class.getClassLoader();
    return own != null && own.getResource(resource) != null;
  }

  private static Providers here() {
    return Providers.of(Thread.currentThread().getContextClassLoader());
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

  private static String usableNames(Providers providers) {
    return providers.list().stream()
        .filter(p -> p.probe() instanceof Availability.Available)
        .map(BackendProvider::name)
        .collect(Collectors.joining(", "));
  }

  private static String describeAll(Providers providers) {
    return providers.list().stream()
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
}
