package dev.quern.engine;

import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Plan;
import dev.quern.spi.Spec;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The plans of an engine by their specifications. The least recently used goes when there are too
 * many. Whoever still holds one may use it; its device memory is released when nobody does.
 */
public final class PlanCache {
  private static final int MOST = 256;

  private final Backend backend;
  private final Map<Spec<?>, Plan> plans = new LinkedHashMap<>(16, 0.75f, true);
  private final Object compiling = new Object();
  private final ReferenceQueue<Plan> unheld = new ReferenceQueue<>();
  private final Set<Kept> kept = new HashSet<>();

  public PlanCache(Backend backend) {
    this.backend = backend;
  }

  /** Returns the plan, prepared at the first time: not under the engine's lock. */
  @SuppressWarnings("unchecked") // a specification's plan is of its own type
  public <P extends Plan> P prepare(Spec<P> spec) {
    Plan known = find(spec);
    if (known == null) {
      synchronized (compiling) {
        known = find(spec);
        if (known == null) {
          known = spec.prepare(backend.kernels());
          add(spec, known);
        }
      }
    }
    return (P) known;
  }

  private synchronized @Nullable Plan find(Spec<?> spec) {
    return plans.get(spec);
  }

  private synchronized void add(Spec<?> spec, Plan plan) {
    plans.put(spec, plan);
    kept.add(new Kept(plan, unheld));
    if (plans.size() > MOST) {
      var oldest = plans.entrySet().iterator();
      oldest.next();
      oldest.remove();
    }
  }

  /** Releases what plans kept that nobody holds any longer: under the engine's lock. */
  public synchronized void releaseUnheld() {
    for (Reference<? extends Plan> gone = unheld.poll(); gone != null; gone = unheld.poll()) {
      if (gone instanceof Kept plan && kept.remove(plan)) {
        plan.buffers.forEach(backend.memory()::release);
      }
    }
  }

  private static final class Kept extends PhantomReference<Plan> {
    final List<DeviceBuffer> buffers;

    Kept(Plan plan, ReferenceQueue<Plan> unheld) {
      super(plan, unheld);
      this.buffers = plan.kept();
    }
  }
}
