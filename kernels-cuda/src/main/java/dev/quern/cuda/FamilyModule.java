package dev.quern.cuda;

import dev.quern.cuda.host.Module;
import dev.quern.cuda.host.Queue;
import dev.quern.cuda.host.Signature;
import dev.quern.gpu.host.GpuProgram;
import dev.quern.gpu.host.Launch;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A family's module, and the parameter structures of its entries as the source has them. */
final class FamilyModule implements GpuProgram {
  private static final Map<String, Map<String, Signature>> SIGNATURES = new ConcurrentHashMap<>();

  private final String family;
  private final Map<String, Signature> signatures;
  private final Module module;
  private final Queue queue;
  private final int threads;

  FamilyModule(String family, Module module, Queue queue, int threads) {
    this.family = family;
    this.signatures = signatures(family);
    this.module = module;
    this.queue = queue;
    this.threads = threads;
  }

  /** Reads the parameter structures of a family, once per process. */
  static Map<String, Signature> signatures(String family) {
    return SIGNATURES.computeIfAbsent(family, f -> Signature.read(KernelImages.source(f).text()));
  }

  @Override
  public Launch kernel(String entry) {
    Signature signature = signatures.get(entry);
    if (signature == null) {
      throw new IllegalStateException("The family " + family + " has no kernel " + entry + ".");
    }
    return module.kernel(signature, queue, threads);
  }

  @Override
  public void close() {
    module.close();
  }
}
