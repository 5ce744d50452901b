package dev.quern.cuda;

import dev.quern.cuda.host.Nvrtc;
import dev.quern.gpu.program.BinaryCache;
import dev.quern.gpu.program.KernelSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Images that are compiled on this machine when they are first asked for, and kept for later
 * processes.
 */
final class CompiledImages implements KernelImages {
  private final Nvrtc nvrtc;
  private final String architecture;
  private final BinaryCache cache;
  private final Set<String> kept = new HashSet<>();

  /**
   * Compiles nothing yet.
   *
   * @param architecture {@code sm_86} for machine code, {@code compute_75} for PTX
   */
  CompiledImages(Nvrtc nvrtc, String architecture, BinaryCache cache) {
    this.nvrtc = nvrtc;
    this.architecture = architecture;
    this.cache = cache;
  }

  @Override
  public synchronized byte[] image(String family) {
    KernelSource source = KernelImages.source(family);
    byte[] image = cache.load(key(source));
    if (image == null) {
      return compile(source);
    }
    kept.add(family);
    return image;
  }

  @Override
  public synchronized byte @Nullable [] anew(String family) {
    return kept.remove(family) ? compile(KernelImages.source(family)) : null;
  }

  private byte[] compile(KernelSource source) {
    byte[] image =
        nvrtc.compile(source.name(), source.text(), source.headers(), architecture, OPTIONS);
    cache.store(key(source), image);
    return image;
  }

  /** Names an image by everything it depends on. */
  String key(KernelSource source) {
    var dependencies = new ArrayList<>(List.of(nvrtc.version().toString(), architecture));
    dependencies.addAll(OPTIONS);
    dependencies.add(source.name());
    dependencies.add(source.text());
    source
        .headers()
        .forEach((name, text) -> {
          dependencies.add(name);
          dependencies.add(text);
        });
    return BinaryCache.key(dependencies);
  }
}
