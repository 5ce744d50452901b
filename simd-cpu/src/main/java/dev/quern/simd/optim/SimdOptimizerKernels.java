package dev.quern.simd.optim;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.simd.reduction.SimdReductionKernels;
import dev.quern.simd.reduction.SumLoops;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.GradientControl;
import dev.quern.spi.optim.GradientRule;
import dev.quern.spi.optim.LossScale;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.OptimizerKernels;
import dev.quern.spi.optim.OutsideTensors;
import dev.quern.spi.optim.SegmentTable;
import dev.quern.spi.optim.SgdCoefficients;
import dev.quern.spi.optim.SgdGroup;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Optimizer steps and the gradient norm over an arena, a tile of {@link OptimizerArena#TILE}
 * elements a piece. A step reads and writes every stream of memory once; the scalars of each
 * segment are derived before, and step numbers advance after all tiles are done. Squares are summed
 * like {@link SimdReductionKernels}, in f32 inside a tile and in f64 across; a tile with a number
 * that is not finite leaves a NaN. Tails are padded to a vector. No element depends on another, and
 * the tiles' sums are added by index, so neither threads nor width change a bit.
 */
public final class SimdOptimizerKernels implements OptimizerKernels {
  /** Four tiles are about 10 microseconds of work. */
  private static final int INLINE_BELOW = 4;

  private final WorkerPool pool;

  public SimdOptimizerKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public long scratchBytes(OptimizerArena arena) {
    return Math.max(1, arena.tileCount()) * Double.BYTES;
  }

  /** Segments are found by their spans; the table is not looked at. */
  @Override
  public MemorySegment pointerTable(List<Span> parameters, List<Span> gradients) {
    return MemorySegment.ofArray(new byte[OutsideTensors.POINTER_BYTES * parameters.size()]);
  }

  @Override
  public void gradientNorm(
      OptimizerArena arena, @Nullable LossScale lossScale, Span rule, Span control, Span scratch) {
    SumOfSquares task = new SumOfSquares(arena, scratch);
    pool.run(task, arena.tileCount(), INLINE_BELOW);
    double squares = 0;
    boolean finite = true;
    for (long tile = 0; tile < arena.tileCount(); tile++) {
      double sum = task.partials.getAtIndex(JAVA_DOUBLE, tile);
      finite &= !Double.isNaN(sum);
      squares += sum;
    }
    float scale = lossScale == null ? 1 : HostBuffer.segment(lossScale.scale()).get(JAVA_FLOAT, 0);
    GradientRule gradientRule = GradientRule.read(HostBuffer.segment(rule));
    new GradientControl(HostBuffer.segment(control))
        .write(squares, scale, gradientRule.maxNorm(), finite);
    if (lossScale != null) {
      lossScale.advance(gradientRule, finite);
    }
  }

  @Override
  public void adam(OptimizerArena arena, AdamState state, Span control) {
    GradientControl words = new GradientControl(HostBuffer.segment(control));
    if (words.finite()) {
      AdamStep step = new AdamStep(arena, state, words);
      run(step, arena);
    }
  }

  @Override
  public void sgd(OptimizerArena arena, @Nullable Span momentumBuffer, Span control) {
    GradientControl words = new GradientControl(HostBuffer.segment(control));
    if (words.finite()) {
      SgdStep step = new SgdStep(arena, momentumBuffer, words);
      run(step, arena);
      step.fillBuffers(arena.segmentCount());
    }
  }

  private void run(StepTask task, OptimizerArena arena) {
    pool.run(task, task.pieces(), INLINE_BELOW);
    task.segments.advance(arena.segmentCount());
  }

  /** Sums the squares of every tile, which finds its segment by bisection. */
  private static final class SumOfSquares extends Task {
    private final SegmentTable segments;
    private final int segmentCount;
    private final MemorySegment gradients;
    private final MemorySegment @Nullable [] outside;
    private final MemorySegment partials;

    SumOfSquares(OptimizerArena arena, Span scratch) {
      this.segments = new SegmentTable(open(arena.segments()));
      this.segmentCount = arena.segmentCount();
      this.gradients = open(arena.gradients());
      OutsideTensors tensors = arena.outside();
      this.outside =
          tensors == null
              ? null
              : tensors.gradients().stream().map(this::open).toArray(MemorySegment[]::new);
      this.partials = open(scratch);
    }

    @Override
    public void run(long tile) {
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
      partials.setAtIndex(JAVA_DOUBLE, tile, segments.active(low) ? squares(tile, low) : 0);
    }

    private double squares(long tile, int segment) {
      long inside = (tile - segments.firstTile(segment)) * OptimizerArena.TILE;
      int n = (int) Math.min(OptimizerArena.TILE, segments.length(segment) - inside);
      MemorySegment memory = outside == null ? gradients : outside[segment];
      long first = outside == null ? segments.offset(segment) : 0;
      return SumLoops.squares(memory, 4 * (first + inside), n);
    }
  }

  private static final class AdamStep extends StepTask {
    private final AdamCoefficients[] coefficients;
    private final AdamCoefficients[] prepared;

    AdamStep(OptimizerArena arena, AdamState state, GradientControl words) {
      super(arena, hasEps(arena), state.expAvg(), state.expAvgSq(), state.maxExpAvgSq());
      MemorySegment groups = open(arena.groups());
      this.coefficients = new AdamCoefficients[runCount()];
      this.prepared = new AdamCoefficients[runCount()];
      for (int r = 0; r < coefficients.length; r++) {
        if (isAsBefore(r)) {
          coefficients[r] = coefficients[r - 1];
          prepared[r] = prepared[r - 1];
        } else {
          int segment = segment(r);
          AdamGroup group = AdamGroup.read(groups, segments.group(segment));
          coefficients[r] =
              AdamCoefficients.of(group, segments.step(segment), words.unit(), words.factor());
          prepared[r] = coefficients[r].prepared();
        }
      }
    }

    /** Whether nothing divides 0 by 0. */
    private static boolean hasEps(OptimizerArena arena) {
      MemorySegment groups = HostBuffer.segment(arena.groups());
      long count = groups.byteSize() / AdamGroup.LAYOUT.byteSize();
      for (int g = 0; g < count; g++) {
        if (AdamGroup.read(groups, g).eps() == 0) {
          return false;
        }
      }
      return true;
    }

    @Override
    void update(int run, MemorySegment[] memory, long at, int n) {
      AdamCoefficients c = coefficients[run];
      MemorySegment parameters = memory[PARAMETERS];
      MemorySegment gradients = memory[GRADIENTS];
      long gradientsAt = at;
      boolean clips = c.has(OptimizerFlags.CLIP_VALUE);
      boolean penalizes = c.has(OptimizerFlags.L1);
      // a unit is rare: the plain loop stays as small as it is
      if (clips || penalizes || c.gradientUnit() != 1) {
        MemorySegment stage = StepScratch.current().gradients;
        float bound = clips ? c.clipValue() : Float.POSITIVE_INFINITY;
        float l1 = penalizes ? c.l1() : 0;
        StepLoops.prepare(
            c.gradientUnit(), c.gradientFactor(), bound, l1, parameters, gradients, at, stage, n);
        gradients = stage;
        gradientsAt = 0;
        c = prepared[run];
      }
      MemorySegment max = c.has(OptimizerFlags.AMSGRAD) ? memory[STATE + 2] : null;
      AdamLoops.update(
          c, parameters, gradients, gradientsAt, memory[STATE], memory[STATE + 1], max, at, n);
      if (c.has(OptimizerFlags.PROXIMAL_L1)) {
        StepLoops.softThreshold(c.threshold(), parameters, at, n);
      }
    }

    @Override
    float emaWeight(int run) {
      return coefficients[run].emaWeight();
    }
  }

  private static final class SgdStep extends StepTask {
    private final MemorySegment groups;
    private final SgdCoefficients[] coefficients;
    private final SgdCoefficients[] prepared;

    SgdStep(OptimizerArena arena, @Nullable Span momentumBuffer, GradientControl words) {
      super(arena, true, momentumBuffer);
      this.groups = open(arena.groups());
      this.coefficients = new SgdCoefficients[runCount()];
      this.prepared = new SgdCoefficients[runCount()];
      for (int r = 0; r < coefficients.length; r++) {
        if (isAsBefore(r)) {
          coefficients[r] = coefficients[r - 1];
          prepared[r] = prepared[r - 1];
        } else {
          int segment = segment(r);
          SgdGroup group = SgdGroup.read(groups, segments.group(segment));
          coefficients[r] =
              SgdCoefficients.of(group, segments.buffered(segment), words.unit(), words.factor());
          prepared[r] = coefficients[r].prepared();
        }
      }
    }

    @Override
    void update(int run, MemorySegment[] memory, long at, int n) {
      SgdCoefficients c = coefficients[run];
      MemorySegment parameters = memory[PARAMETERS];
      MemorySegment gradients = memory[GRADIENTS];
      long gradientsAt = at;
      boolean clips = c.has(OptimizerFlags.CLIP_VALUE);
      if (clips || c.gradientUnit() != 1) {
        MemorySegment stage = StepScratch.current().gradients;
        float bound = clips ? c.clipValue() : Float.POSITIVE_INFINITY;
        StepLoops.prepare(
            c.gradientUnit(), c.gradientFactor(), bound, 0, parameters, gradients, at, stage, n);
        gradients = stage;
        gradientsAt = 0;
        c = prepared[run];
      }
      MemorySegment buffer = c.has(OptimizerFlags.MOMENTUM) ? memory[STATE] : null;
      SgdLoops.update(c, parameters, gradients, gradientsAt, buffer, at, n);
    }

    /** Says which momentum buffers hold something after the step. */
    void fillBuffers(int count) {
      for (int s = 0; s < count; s++) {
        SgdGroup group = SgdGroup.read(groups, segments.group(s));
        if (segments.active(s) && (group.flags() & OptimizerFlags.MOMENTUM) != 0) {
          segments.setBuffered(s, true);
        }
      }
    }

    @Override
    float emaWeight(int run) {
      return coefficients[run].emaWeight();
    }
  }
}
