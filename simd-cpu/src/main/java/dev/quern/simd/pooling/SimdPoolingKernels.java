package dev.quern.simd.pooling;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.AveragePoolingPlan;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.MaxPoolingPlan;
import dev.quern.spi.spatial.MaxPoolingSpec;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import java.lang.foreign.MemorySegment;

/** Poolings: the rows of what is written are shared among the threads. */
public final class SimdPoolingKernels implements PoolingKernels {
  /** Elements written below which sharing them costs more than it brings. */
  private static final long INLINE_BELOW = 1 << 13;

  private final WorkerPool pool;

  public SimdPoolingKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public MaxPoolingPlan prepare(MaxPoolingSpec spec) {
    return new MaxPooling(spec, pool);
  }

  @Override
  public AveragePoolingPlan prepare(AveragePoolingSpec spec) {
    return new AveragePooling(spec, pool);
  }

  private record MaxPooling(MaxPoolingSpec spec, WorkerPool pool) implements MaxPoolingPlan {
    @Override
    public void forward(SpatialExtent extent, Span x, Span out, Span places) {
      run(new Forward(this, extent, x, out, places), spec.result(extent));
    }

    @Override
    public void backward(SpatialExtent extent, Span gradient, Span places, Span out) {
      run(new Backward(this, extent, gradient, places, out), extent);
    }

    private void run(Task task, SpatialExtent written) {
      runRows(pool, task, written);
    }
  }

  private static void runRows(WorkerPool pool, Task task, SpatialExtent written) {
    long row = Math.max(1, written.width() * written.channels());
    pool.run(task, written.images() * written.height(), INLINE_BELOW / row);
  }

  private record AveragePooling(AveragePoolingSpec spec, WorkerPool pool)
      implements AveragePoolingPlan {
    @Override
    public void forward(SpatialExtent extent, Span x, Span out) {
      runRows(pool, new Average(spec, extent, x, out, true), spec.result(extent));
    }

    @Override
    public void backward(SpatialExtent extent, Span gradient, Span out) {
      runRows(pool, new Average(spec, extent, gradient, out, false), extent);
    }
  }

  /** A row of the means, or of their gradient. */
  private static final class Average extends Task {
    private final AveragePoolingLoops loops;
    private final MemorySegment x;
    private final MemorySegment out;
    private final boolean forward;

    Average(AveragePoolingSpec spec, SpatialExtent extent, Span x, Span out, boolean forward) {
      this.loops = new AveragePoolingLoops(spec, extent);
      this.x = open(x);
      this.out = open(out);
      this.forward = forward;
    }

    @Override
    public void run(long piece) {
      if (forward) {
        loops.forward(piece, x, out);
      } else {
        loops.backward(piece, x, out);
      }
    }
  }

  private static final class Forward extends Task {
    private final MaxPoolingLoops loops;
    private final MemorySegment x;
    private final MemorySegment out;
    private final MemorySegment places;

    Forward(MaxPooling plan, SpatialExtent extent, Span x, Span out, Span places) {
      this.loops = new MaxPoolingLoops(plan.spec(), extent);
      this.x = open(x);
      this.out = open(out);
      this.places = open(places);
    }

    @Override
    public void run(long piece) {
      loops.forward(piece, x, out, places);
    }
  }

  private static final class Backward extends Task {
    private final MaxPoolingLoops loops;
    private final MemorySegment gradient;
    private final MemorySegment places;
    private final MemorySegment out;

    Backward(MaxPooling plan, SpatialExtent extent, Span gradient, Span places, Span out) {
      this.loops = new MaxPoolingLoops(plan.spec(), extent);
      this.gradient = open(gradient);
      this.places = open(places);
      this.out = open(out);
    }

    @Override
    public void run(long piece) {
      loops.backward(piece, gradient, places, out);
    }
  }
}
