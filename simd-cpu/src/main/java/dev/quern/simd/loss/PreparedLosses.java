package dev.quern.simd.loss;

import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.loss.FusedLossSpec;
import java.util.LinkedHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The fused losses that were asked for lately, prepared: the least recently used of 256 goes.
 * Callers keep their specification, so most are found by its identity, without a lock.
 */
public final class PreparedLosses {
  private static final int MOST = 256;
  private static final int PLACES = 64;

  private final WorkerPool pool;
  private final AtomicReferenceArray<Entry> places = new AtomicReferenceArray<>(PLACES);
  private final LinkedHashMap<FusedLossSpec, SimdFusedLoss> bySpec =
      new LinkedHashMap<>(16, 0.75f, true);

  private record Entry(FusedLossSpec spec, SimdFusedLoss loss) {}

  public PreparedLosses(WorkerPool pool) {
    this.pool = pool;
  }

  @SuppressWarnings("ReferenceEquality") // equality costs more than the smallest loss
  public SimdFusedLoss of(FusedLossSpec spec) {
    int place = System.identityHashCode(spec) % PLACES;
    Entry entry = places.get(place);
    if (entry != null && entry.spec == spec) {
      return entry.loss;
    }
    SimdFusedLoss loss = prepared(spec);
    places.set(place, new Entry(spec, loss));
    return loss;
  }

  private synchronized SimdFusedLoss prepared(FusedLossSpec spec) {
    SimdFusedLoss loss = bySpec.computeIfAbsent(spec, s -> new SimdFusedLoss(s, pool));
    if (bySpec.size() > MOST) {
      bySpec.remove(bySpec.firstEntry().getKey());
    }
    return loss;
  }
}
