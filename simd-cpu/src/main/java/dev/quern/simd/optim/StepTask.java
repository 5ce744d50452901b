package dev.quern.simd.optim;

import dev.quern.simd.math.VectorMath;
import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OutsideTensors;
import dev.quern.spi.optim.SegmentTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An optimizer step over an arena, {@link OptimizerArena#TILE} elements a piece: they go through
 * the optimizer's loops and then, if an average is kept, through that of the moving average.
 * Tensors that follow one another in the arena and share their scalars are one run of elements, the
 * padding between them included, so that many small ones cost as much as a large one. Tails are
 * padded to a vector: in the arena by the padding that is there, elsewhere in copies. The padding
 * is 0 and has to stay so; where a step would change that, it is left out, too.
 */
abstract class StepTask extends Task {
  static final int PARAMETERS = 0;
  static final int GRADIENTS = 1;

  /** The first of the optimizer's own streams. */
  static final int STATE = 2;

  final SegmentTable segments;
  private final MemorySegment[] streams;

  /** The streams of each segment, from its first element on; null if all lie in the arena. */
  private final MemorySegment @Nullable [][] outside;

  private final boolean zerosStay;
  private final int ema;
  private final List<Run> runs = new ArrayList<>();
  private final long pieces;

  /** The run of the last piece: pieces mostly come in order. */
  private int latest;

  /** Elements that are updated by the same scalars. */
  private static final class Run {
    final int index;
    final int segment;
    final long first;
    final long firstPiece;
    final boolean active;
    long end;

    Run(int index, int segment, long first, long firstPiece, boolean active) {
      this.index = index;
      this.segment = segment;
      this.first = first;
      this.firstPiece = firstPiece;
      this.active = active;
      this.end = first;
    }

    long endPiece() {
      return firstPiece + OptimizerArena.tiles(end - first);
    }
  }

  /**
   * Opens the arena and the optimizer's own streams; those that are null are not there.
   *
   * @param zerosStay whether a step of zeros in all streams leaves zeros
   */
  StepTask(OptimizerArena arena, boolean zerosStay, @Nullable Span... state) {
    this.zerosStay = zerosStay;
    this.segments = new SegmentTable(open(arena.segments()));
    List<MemorySegment> opened = new ArrayList<>();
    opened.add(open(arena.parameters()));
    opened.add(open(arena.gradients()));
    for (Span span : state) {
      if (span != null) {
        opened.add(open(span));
      }
    }
    Span average = arena.ema();
    this.ema = average == null ? -1 : opened.size();
    if (average != null) {
      opened.add(open(average));
    }
    this.streams = opened.toArray(MemorySegment[]::new);
    this.outside = arena.outside() == null ? null : outside(arena.outside(), arena.segmentCount());
    this.pieces = findRuns(arena.segmentCount());
  }

  private MemorySegment[][] outside(OutsideTensors tensors, int count) {
    MemorySegment[][] ofSegments = new MemorySegment[count][];
    for (int s = 0; s < count; s++) {
      MemorySegment[] own = new MemorySegment[streams.length];
      own[PARAMETERS] = open(tensors.parameters().get(s));
      own[GRADIENTS] = open(tensors.gradients().get(s));
      for (int k = STATE; k < own.length; k++) {
        own[k] = streams[k].asSlice(4 * segments.offset(s), 4 * segments.length(s));
      }
      ofSegments[s] = own;
    }
    return ofSegments;
  }

  private long findRuns(int count) {
    Run run = null;
    for (int s = 0; s < count; s++) {
      long first = segments.offset(s);
      if (run == null || outside != null || !follows(s, first, run)) {
        long firstPiece = run == null ? 0 : run.endPiece();
        run = new Run(runs.size(), s, first, firstPiece, segments.active(s));
        runs.add(run);
      }
      run.end = first + segments.length(s);
    }
    return run == null ? 0 : run.endPiece();
  }

  private boolean follows(int s, long first, Run run) {
    return zerosStay
        && first
            == (run.end + OptimizerArena.ALIGNMENT - 1)
                / OptimizerArena.ALIGNMENT
                * OptimizerArena.ALIGNMENT
        && isLike(s, run.segment)
        && segments.active(s) == run.active;
  }

  /** Whether two segments are updated by the same scalars. */
  private boolean isLike(int s, int other) {
    return segments.group(s) == segments.group(other)
        && segments.step(s) == segments.step(other)
        && segments.buffered(s) == segments.buffered(other);
  }

  final int runCount() {
    return runs.size();
  }

  /** The first segment of a run, which has the scalars of all of them. */
  final int segment(int run) {
    return runs.get(run).segment;
  }

  /** Whether a run is updated by the same scalars as the one before. */
  final boolean isAsBefore(int run) {
    return run > 0 && isLike(segment(run), segment(run - 1));
  }

  final boolean hasEma() {
    return ema >= 0;
  }

  /** How many pieces there are. */
  final long pieces() {
    return pieces;
  }

  /** Updates whole vectors of a run that has a gradient. */
  abstract void update(int run, MemorySegment[] memory, long at, int n);

  /** The weight of a run's parameters in their moving average. */
  abstract float emaWeight(int run);

  @Override
  public final void run(long piece) {
    Run run = find(piece);
    if (!run.active && !hasEma()) {
      return;
    }
    MemorySegment[] memory = outside == null ? streams : outside[run.segment];
    long inside = (piece - run.firstPiece) * OptimizerArena.TILE;
    int n = (int) Math.min(OptimizerArena.TILE, run.end - run.first - inside);
    long at = 4 * (outside == null ? run.first + inside : inside);
    int whole = n - n % VectorMath.LANES;
    int padded = zerosStay && outside == null && whole < n ? whole + VectorMath.LANES : whole;
    if (at + 4L * padded > memory[PARAMETERS].byteSize()) {
      padded = whole;
    }
    step(run, memory, at, padded);
    if (padded < n) {
      tail(run, memory, at + 4L * whole, 4L * (n - whole));
    }
  }

  private Run find(long piece) {
    Run run = runs.get(latest);
    if (piece >= run.firstPiece && piece < run.endPiece()) {
      return run;
    }
    int low = 0;
    int high = runs.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (runs.get(middle).firstPiece <= piece) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    latest = low;
    return runs.get(low);
  }

  private void step(Run run, MemorySegment[] memory, long at, int n) {
    if (run.active) {
      update(run.index, memory, at, n);
    }
    if (hasEma()) {
      StepLoops.movingAverage(emaWeight(run.index), memory[PARAMETERS], memory[ema], at, n);
    }
  }

  private void tail(Run run, MemorySegment[] memory, long at, long bytes) {
    MemorySegment[] pads = StepScratch.current().tails;
    for (int s = 0; s < memory.length; s++) {
      MemorySegment.copy(memory[s], at, pads[s], 0, bytes);
    }
    step(run, pads, 0, VectorMath.LANES);
    for (int s = 0; s < memory.length; s++) {
      if (s != GRADIENTS) {
        MemorySegment.copy(pads[s], 0, memory[s], at, bytes);
      }
    }
  }
}
