package dev.quern.simd.lovasz;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.simd.work.Chunks;
import java.lang.foreign.MemorySegment;

/**
 * Lists of at most {@link LovaszStage#SMALL_LIST} pixels, one a piece: each is staged, sorted and
 * walked by one thread in that thread's own memory.
 */
final class SmallLists extends LovaszCall.Work {
  private final MemorySegment averaged;
  private final MemorySegment factors;
  private final MemorySegment values;

  /**
   * Creates the task.
   *
   * @param averaged per list a byte, not 0 if it is averaged
   * @param factors per group an f64 factor of the gradient
   * @param values per list its loss in f64, written
   */
  SmallLists(LovaszCall call, MemorySegment averaged, MemorySegment factors, MemorySegment values) {
    super(call);
    this.averaged = open(averaged);
    this.factors = open(factors);
    this.values = open(values);
  }

  @Override
  public void run(long piece) {
    long group = piece / groups.classes;
    int c = (int) (piece % groups.classes);
    if (averaged.get(JAVA_BYTE, piece) == 0) {
      call.clearList(group, c);
      values.setAtIndex(JAVA_DOUBLE, piece, 0);
      return;
    }
    LovaszStage stage = LovaszStage.current();
    MemorySegment items = stage.items(0);
    stage.foreground = 0;
    int n = 0;
    for (int chunk = 0; chunk < groups.listChunks(); chunk++) {
      n += call.makeItems(stage, group, c, chunk, items, n);
    }
    MemorySegment sorted = RadixSort.sort(items, stage.items(1), n, stage.counts);
    LovaszPlaces places = groups.places(group, c);
    double factor = factors.getAtIndex(JAVA_DOUBLE, group);
    values.setAtIndex(JAVA_DOUBLE, piece, walk(sorted, n, stage.foreground, factor, places));
  }

  private double walk(
      MemorySegment items, int n, int foreground, double factor, LovaszPlaces places) {
    if (foreground == 0) {
      if (n == 0) {
        return 0;
      }
      double only = LovaszWalk.only(items.get(JAVA_LONG, 0), factor, call.gradient, places);
      if (Double.isNaN(only) && call.gradient != null) {
        LovaszWalk.spreadNan(items, 0, n, call.gradient, places);
      }
      return only;
    }
    int before = 0;
    double sum = 0;
    for (int from = 0; from < n; from += Chunks.SIZE) {
      int to = Math.min(n, from + Chunks.SIZE);
      sum += LovaszWalk.along(items, from, to, foreground, before, factor, call.gradient, places);
      before += LovaszWalk.foreground(items, from, to);
    }
    return sum;
  }
}
