package dev.quern.simd.resampling;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.UpsamplingPlan;
import dev.quern.spi.spatial.UpsamplingSpec;
import java.lang.foreign.MemorySegment;

/**
 * An upsampling: a piece is a row of what is written. Rows are mixed down the image first, so the
 * row along which pixels are mixed lies in the cache; every element has its own fixed order.
 */
final class SimdUpsampling implements UpsamplingPlan {
  /** Elements of the larger images below which sharing them costs more than it brings. */
  private static final long INLINE_BELOW = 1 << 14;

  private final UpsamplingSpec spec;
  private final WorkerPool pool;

  /** The tables of the last images: networks see the same sizes again and again. */
  private volatile AxisTable vertical;

  private volatile AxisTable horizontal;

  SimdUpsampling(UpsamplingSpec spec, WorkerPool pool) {
    this.spec = spec;
    this.pool = pool;
    this.vertical = new AxisTable(spec.interpolation(), 1, spec.vertical());
    this.horizontal = new AxisTable(spec.interpolation(), 1, spec.horizontal());
  }

  @Override
  public UpsamplingSpec spec() {
    return spec;
  }

  private AxisTable vertical(long height) {
    AxisTable table = vertical;
    if (!table.isOf(height)) {
      table = new AxisTable(spec.interpolation(), height, spec.vertical());
      vertical = table;
    }
    return table;
  }

  private AxisTable horizontal(long width) {
    AxisTable table = horizontal;
    if (!table.isOf(width)) {
      table = new AxisTable(spec.interpolation(), width, spec.horizontal());
      horizontal = table;
    }
    return table;
  }

  @Override
  public void forward(SpatialExtent extent, Span x, Span out) {
    if (out.length() > 0) {
      long rows = extent.images() * extent.height() * spec.vertical();
      pool.run(new Forward(this, extent, x, out), rows, inlineBelow(out));
    }
  }

  @Override
  public void backward(SpatialExtent extent, Span gradient, Span out) {
    if (out.length() > 0) {
      long rows = extent.images() * extent.height();
      pool.run(new Backward(this, extent, gradient, out), rows, inlineBelow(gradient));
    }
  }

  private static long inlineBelow(Span larger) {
    return larger.length() < INLINE_BELOW ? Long.MAX_VALUE : 0;
  }

  /** A row that is mixed down the image. */
  private static final class Scratch {
    private float[] row = {};

    float[] row(int n) {
      if (row.length < n) {
        row = new float[n];
      }
      return row;
    }
  }

  private static final ThreadScratch<Scratch> THREADS = new ThreadScratch<>(Scratch::new);

  private static final class Forward extends Task {
    private final AxisTable vertical;
    private final AxisTable horizontal;
    private final int channels;
    private final int width;
    private final long height;
    private final MemorySegment x;
    private final MemorySegment out;

    Forward(SimdUpsampling plan, SpatialExtent extent, Span x, Span out) {
      this.vertical = plan.vertical(extent.height());
      this.horizontal = plan.horizontal(extent.width());
      this.channels = Math.toIntExact(extent.channels());
      this.width = Math.toIntExact(extent.width() * channels);
      this.height = extent.height();
      this.x = open(x);
      this.out = open(out);
    }

    @Override
    public void run(long piece) {
      int y = (int) (piece % vertical.before.length);
      long image = piece / vertical.before.length * height;
      long before = 4 * (image + vertical.before[y]) * width;
      float[] row = THREADS.get().row(width);
      if (vertical.afterShare[y] == 0) {
        ResamplingLoops.row(x, before, row, width);
      } else {
        long after = 4 * (image + vertical.after[y]) * width;
        ResamplingLoops.begin(x, before, vertical.beforeShare[y], row, width);
        ResamplingLoops.add(x, after, vertical.afterShare[y], row, width);
      }
      long to = 4 * piece * horizontal.before.length * channels;
      ResamplingLoops.along(row, horizontal, channels, out, to);
    }
  }

  private static final class Backward extends Task {
    private final AxisTable vertical;
    private final AxisTable horizontal;
    private final int channels;
    private final int width;
    private final long height;
    private final MemorySegment gradient;
    private final MemorySegment out;

    Backward(SimdUpsampling plan, SpatialExtent extent, Span gradient, Span out) {
      this.vertical = plan.vertical(extent.height());
      this.horizontal = plan.horizontal(extent.width());
      this.channels = Math.toIntExact(extent.channels());
      this.width = Math.multiplyExact(horizontal.before.length, channels);
      this.height = extent.height();
      this.gradient = open(gradient);
      this.out = open(out);
    }

    @Override
    public void run(long piece) {
      int y = (int) (piece % height);
      long image = piece / height * vertical.before.length;
      float[] row = THREADS.get().row(width);
      int i = vertical.first[y];
      ResamplingLoops.begin(gradient, 4 * (image + i) * width, vertical.share(i, y), row, width);
      for (i++; i < vertical.end[y]; i++) {
        ResamplingLoops.add(gradient, 4 * (image + i) * width, vertical.share(i, y), row, width);
      }
      long to = 4 * piece * horizontal.first.length * channels;
      ResamplingLoops.gather(row, horizontal, channels, out, to);
    }
  }
}
