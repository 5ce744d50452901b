package dev.quern.simd.optim;

import dev.quern.simd.work.Task;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.SegmentTable;

/** Work on the tiles of an optimizer's arena: a tile finds its segment by bisection. */
abstract class ArenaTask extends Task {
  final SegmentTable segments;
  private final int segmentCount;

  ArenaTask(OptimizerArena arena) {
    this.segments = new SegmentTable(open(arena.segments()));
    this.segmentCount = arena.segmentCount();
  }

  @Override
  public final void run(long tile) {
    int low = 0;
    int high = segmentCount - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (segments.firstTile(middle) <= tile) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    long inside = (tile - segments.firstTile(low)) * OptimizerArena.TILE;
    int n = (int) Math.min(OptimizerArena.TILE, segments.length(low) - inside);
    run(tile, low, segments.offset(low) + inside, n, segments.active(low));
  }

  /** Does the part of a segment that is in a tile: {@code n} elements from {@code first} on. */
  abstract void run(long tile, int segment, long first, int n, boolean active);
}
