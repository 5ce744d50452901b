package dev.quern.engine;

import dev.quern.Backends;
import dev.quern.spi.BackendProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The providers of backends that can be loaded, best first.
 *
 * @param list at least the reference
 * @param referenceIsListed whether the reference was found as a service, as it always is unless
 *     service files were lost
 */
public record Providers(List<BackendProvider> list, boolean referenceIsListed) {
  private static final System.Logger LOG = System.getLogger("dev.quern");

  /** Those beside these classes, and then those that a class loader sees. */
  public static Providers of(@Nullable ClassLoader more) {
    ClassLoader own = Providers.class.getClassLoader();
    List<BackendProvider> found = new ArrayList<>();
    add(found, ServiceLoader.load(BackendProvider.class, own));
    if (more != null && !more.equals(own)) {
      add(found, ServiceLoader.load(BackendProvider.class, more));
    }
    return of(found);
  }

  /** Those beside these classes, and then those of a layer and its parents. */
  public static Providers of(ModuleLayer layer) {
    List<BackendProvider> found = new ArrayList<>();
    add(found, ServiceLoader.load(BackendProvider.class, Providers.class.getClassLoader()));
    add(found, ServiceLoader.load(layer, BackendProvider.class));
    return of(found);
  }

  private static Providers of(List<BackendProvider> found) {
    boolean listed = found.stream().anyMatch(p -> p.name().equals("reference"));
    if (!listed) {
      found.add(Backends.reference());
    }
    found.sort(Comparator.comparingInt(BackendProvider::priority).reversed());
    return new Providers(List.copyOf(found), listed);
  }

  /** One that cannot be loaded must not hide the others; of a name the first counts. */
  private static void add(List<BackendProvider> found, ServiceLoader<BackendProvider> services) {
    Iterator<BackendProvider> iterator = services.iterator();
    while (true) {
      try {
        if (!iterator.hasNext()) {
          return;
        }
        BackendProvider provider = iterator.next();
        if (found.stream().noneMatch(p -> p.name().equals(provider.name()))) {
          found.add(provider);
        }
      } catch (ServiceConfigurationError | LinkageError e) {
        LOG.log(System.Logger.Level.DEBUG, "A backend provider could not be loaded.", e);
      }
    }
  }

  public @Nullable BackendProvider named(String name) {
    return list.stream().filter(p -> p.name().equals(name)).findFirst().orElse(null);
  }
}
