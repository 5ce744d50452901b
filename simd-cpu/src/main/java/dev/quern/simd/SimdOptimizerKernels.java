package dev.quern.simd;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.AdamArena;
import dev.quern.spi.AdamCoefficients;
import dev.quern.spi.AdamTables;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.OptimizerKernels;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The Adam step and the gradient norm over an arena, a tile of {@link AdamArena#TILE} elements a
 * piece: a tile finds its segment by bisection. The step reads and writes every stream once, 28
 * bytes a parameter, 36 with amsgrad; the scalars of each segment are derived before, and step
 * numbers advance after all tiles are done. Squares are summed like {@link SimdReductionKernels},
 * in f32 inside a tile and in f64 across; a tile with a number that is not finite leaves a NaN.
 * Tails are padded to a vector. No element depends on another, and the tiles' sums are added by
 * index, so neither threads nor width change a bit.
 */
final class SimdOptimizerKernels implements OptimizerKernels {
  /** Four tiles are about 10 microseconds of work. */
  private static final int INLINE_BELOW = 4;

  private final WorkerPool pool;

  SimdOptimizerKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public long scratchBytes(AdamArena arena) {
    return Math.max(1, arena.tileCount()) * Double.BYTES;
  }

  @Override
  public void gradientNorm(AdamArena arena, float maxNorm, Span control, Span scratch) {
    SumOfSquares task = new SumOfSquares(arena, scratch);
    pool.run(task, arena.tileCount(), INLINE_BELOW);
    double squares = 0;
    boolean finite = true;
    for (long tile = 0; tile < arena.tileCount(); tile++) {
      double sum = task.partials.getAtIndex(JAVA_DOUBLE, tile);
      finite &= !Double.isNaN(sum);
      squares += sum;
    }
    AdamTables.writeControl(HostBuffer.segment(control), squares, maxNorm, finite);
  }

  @Override
  public void adam(AdamArena arena, Span control) {
    MemorySegment words = HostBuffer.segment(control);
    if (words.getAtIndex(JAVA_FLOAT, 2) == 0) {
      return;
    }
    Step task = new Step(arena, words.getAtIndex(JAVA_FLOAT, 1));
    pool.run(task, arena.tileCount(), INLINE_BELOW);
    for (int s = 0; s < arena.segmentCount(); s++) {
      if (task.segments.active(s)) {
        task.segments.advance(s);
      }
    }
  }

  /** Work on the tiles of all active segments. */
  private abstract static class TileTask extends Task {
    final AdamTables.Segments segments;
    private final int segmentCount;

    TileTask(AdamArena arena) {
      this.segments = AdamTables.segments(open(arena.segments()));
      this.segmentCount = arena.segmentCount();
    }

    @Override
    final void run(long tile) {
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
      long inside = (tile - segments.firstTile(low)) * AdamArena.TILE;
      int n = (int) Math.min(AdamArena.TILE, segments.length(low) - inside);
      run(tile, low, segments.offset(low) + inside, n, segments.active(low));
    }

    abstract void run(long tile, int segment, long first, int n, boolean active);
  }

  private static final class SumOfSquares extends TileTask {
    private final MemorySegment gradients;
    private final MemorySegment partials;

    SumOfSquares(AdamArena arena, Span scratch) {
      super(arena);
      this.gradients = open(arena.gradients());
      this.partials = open(scratch);
    }

    @Override
    void run(long tile, int segment, long first, int n, boolean active) {
      double sum = active ? SumLoops.squares(gradients, 4 * first, n, Workspace.current()) : 0;
      partials.setAtIndex(JAVA_DOUBLE, tile, sum);
    }
  }

  private static final class Step extends TileTask {
    private final MemorySegment parameters;
    private final MemorySegment gradients;
    private final MemorySegment expAvg;
    private final MemorySegment expAvgSq;
    private final @Nullable MemorySegment max;
    private final @Nullable AdamCoefficients[] coefficients;

    Step(AdamArena arena, float clip) {
      super(arena);
      this.parameters = open(arena.parameters());
      this.gradients = open(arena.gradients());
      this.expAvg = open(arena.expAvg());
      this.expAvgSq = open(arena.expAvgSq());
      Span maxSpan = arena.maxExpAvgSq();
      this.max = maxSpan == null ? null : open(maxSpan);
      AdamTables.Groups groups = AdamTables.groups(open(arena.groups()));
      this.coefficients = new @Nullable AdamCoefficients[arena.segmentCount()];
      for (int s = 0; s < coefficients.length; s++) {
        if (segments.active(s)) {
          coefficients[s] = groups.coefficients(segments.group(s), segments.step(s), clip);
        }
      }
    }

    @Override
    void run(long tile, int segment, long first, int n, boolean active) {
      AdamCoefficients c = coefficients[segment];
      if (c == null) {
        return;
      }
      MemorySegment maxima = c.amsgrad() ? max : null;
      int whole = n - n % VectorMath.LANES;
      AdamLoops.update(c, parameters, gradients, expAvg, expAvgSq, maxima, 4 * first, whole);
      if (whole < n) {
        tail(c, maxima, 4 * (first + whole), 4L * (n - whole));
      }
    }

    private void tail(AdamCoefficients c, @Nullable MemorySegment maxima, long at, long bytes) {
      MemorySegment[] pads = Workspace.current().pads;
      MemorySegment.copy(parameters, at, pads[0], 0, bytes);
      MemorySegment.copy(gradients, at, pads[1], 0, bytes);
      MemorySegment.copy(expAvg, at, pads[2], 0, bytes);
      MemorySegment.copy(expAvgSq, at, pads[3], 0, bytes);
      MemorySegment maxPad = null;
      if (maxima != null) {
        maxPad = pads[4];
        MemorySegment.copy(maxima, at, maxPad, 0, bytes);
      }
      AdamLoops.update(c, pads[0], pads[1], pads[2], pads[3], maxPad, 0, VectorMath.LANES);
      MemorySegment.copy(pads[0], 0, parameters, at, bytes);
      MemorySegment.copy(pads[2], 0, expAvg, at, bytes);
      MemorySegment.copy(pads[3], 0, expAvgSq, at, bytes);
      if (maxima != null && maxPad != null) {
        MemorySegment.copy(maxPad, 0, maxima, at, bytes);
      }
    }
  }
}
