package dev.quern.cuda;

import dev.quern.DeviceException;
import dev.quern.cuda.host.Context;
import dev.quern.cuda.host.Kernel;
import dev.quern.cuda.host.Module;
import dev.quern.cuda.host.Queue;
import dev.quern.cuda.host.Signature;
import dev.quern.gpu.program.ProgramBuild;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The kernels of one family on one device, loaded at the first call. */
final class FamilyModule implements AutoCloseable {
  private final Context context;
  private final Queue queue;
  private final String family;
  private final KernelImages images;
  private final Map<String, Signature> signatures = new HashMap<>();
  private final Map<String, Kernel> kernels = new HashMap<>();
  private @Nullable Module module;

  /**
   * Loads nothing yet.
   *
   * @param images the kernels of the context's device
   */
  FamilyModule(
      Context context,
      Queue queue,
      String family,
      KernelImages images,
      List<Signature> signatures) {
    this.context = context;
    this.queue = queue;
    this.family = family;
    this.images = images;
    signatures.forEach(signature -> this.signatures.put(signature.kernel(), signature));
  }

  /** Returns an entry, to be given arguments in the order of its parameter structure. */
  Kernel kernel(String name) {
    Kernel known = kernels.get(name);
    if (known != null) {
      return known;
    }
    Signature signature = signatures.get(name);
    if (signature == null) {
      throw new IllegalStateException("The family " + family + " has no kernel " + name + ".");
    }
    Kernel kernel = module().kernel(signature);
    kernels.put(name, kernel);
    return kernel;
  }

  /** Enqueues an entry that was given all its arguments; nothing for no block. */
  void launch(Kernel kernel, long blocks) {
    queue.launch(kernel, blocks, LaunchGeometry.THREADS);
  }

  private Module module() {
    if (module == null) {
      String name = family + ".cu";
      module = ProgramBuild.recorded(name, () -> load(name));
    }
    return module;
  }

  private Module load(String name) {
    try {
      return new Module(context, name, images.image(family));
    } catch (DeviceException e) {
      byte[] another = images.anew(family);
      if (another == null) {
        throw e;
      }
      System.getLogger(FamilyModule.class.getName())
          .log(System.Logger.Level.DEBUG, "The driver refuses the compiled " + name + ".", e);
      return new Module(context, name, another);
    }
  }

  @Override
  public void close() {
    kernels.clear();
    if (module != null) {
      module.close();
    }
  }
}
