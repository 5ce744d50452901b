package dev.quern.simd.convolution;

import static dev.quern.simd.math.VectorMath.LANES;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Correlation}, cut into rectangles of results. A piece stages what its rectangle sees and
 * goes through it panel by panel, so that patch and panel stay in the second cache. Every result is
 * one chain of f32 fused multiply-adds from 0 on: rows of taps first, then inputs, then the taps of
 * a row. So neither how the results are cut nor the width of vectors changes a bit, and the cut may
 * depend on the number of threads.
 */
final class CorrelationTask extends Task {
  /** Elements of a patch at most, 256 KB, if a few results fit. */
  private static final int PATCH = 1 << 16;

  /** Rows and columns of a rectangle: less, and the patch's border costs too much. */
  private static final int ROWS = 8;

  private static final int COLUMNS = 32;

  /** Products below which sharing them costs more than it brings, some 10 microseconds of work. */
  private static final double INLINE_BELOW = 1 << 18;

  private static final ThreadScratch<Scratch> THREADS = new ThreadScratch<>(Scratch::new);

  /** What a thread needs. */
  private static final class Scratch {
    final StagedPatch patch = new StagedPatch();
    final ResultRow row = new ResultRow();
  }

  private final Correlation correlation;
  private final MemorySegment source;
  private final PackedWeights weights;
  private final boolean relu;
  private final MemorySegment out;
  private final int rows;
  private final int columns;
  private final long bands;
  private final long blocks;

  private CorrelationTask(
      Correlation correlation,
      Span source,
      PackedWeights weights,
      boolean relu,
      Span out,
      int threads) {
    this.correlation = correlation;
    this.source = open(source);
    this.weights = weights;
    this.relu = relu;
    this.out = open(out);
    long height = correlation.vertical().results();
    long width = correlation.horizontal().results();
    int tall = (int) Math.min(ROWS, Math.max(1, height));
    while (tall > 1 && fitting(tall) < Math.min(COLUMNS, width)) {
      tall = (tall + 1) / 2;
    }
    long wide = Math.max(Panels.PIXELS, fitting(tall));
    this.blocks = Math.ceilDiv(width, wide);
    this.columns = (int) roundUp(Math.ceilDiv(width, Math.max(1, blocks)));
    while (tall > 1 && correlation.images() * Math.ceilDiv(height, tall) * blocks < 4L * threads) {
      tall = (tall + 1) / 2;
    }
    this.rows = tall;
    this.bands = Math.ceilDiv(height, rows);
  }

  static void run(
      WorkerPool pool,
      Correlation correlation,
      Span source,
      PackedWeights weights,
      boolean relu,
      Span out) {
    CorrelationTask task =
        new CorrelationTask(correlation, source, weights, relu, out, pool.threads());
    long inlineBelow = correlation.products() < INLINE_BELOW ? Long.MAX_VALUE : 2;
    pool.run(task, correlation.images() * task.bands * task.blocks, inlineBelow);
  }

  /** How many columns of so many rows fit into a patch. */
  private long fitting(int tall) {
    Axis across = correlation.horizontal();
    long pixels = PATCH / (correlation.vertical().span(tall) * correlation.channels());
    return pixels < across.span(1) ? 0 : (pixels - across.span(1)) / across.step() + 1;
  }

  private static long roundUp(long pixels) {
    return Math.ceilDiv(pixels, Panels.PIXELS) * Panels.PIXELS;
  }

  @Override
  public void run(long piece) {
    Axis down = correlation.vertical();
    Axis across = correlation.horizontal();
    long image = piece / (blocks * bands);
    long top = piece / blocks % bands * rows;
    long left = piece % blocks * columns;
    int height = (int) Math.min(rows, down.results() - top);
    int width = (int) Math.min(columns, across.results() - left);

    Scratch scratch = THREADS.get();
    scratch.patch.load(
        source,
        correlation,
        image,
        down.place(top),
        Math.toIntExact(down.span(height)),
        across.place(left),
        Math.toIntExact(across.span((int) roundUp(width))));
    long to = (image * down.results() + top) * across.results() + left;
    int panelAt = 0;
    for (int group = 0; group < correlation.groups(); group++) {
      int vectors;
      for (int k = 0; k < correlation.outputs(); k += vectors * LANES) {
        vectors = Panels.vectors(correlation.outputs() - k, correlation.taps());
        panel(scratch, group, k, vectors, panelAt, height, width, to);
        panelAt += vectors * LANES * correlation.taps();
      }
    }
  }

  private void panel(
      Scratch scratch, int group, int k, int vectors, int panelAt, int height, int width, long to) {
    int panel = vectors * LANES;
    int outputs = Math.min(panel, correlation.outputs() - k);
    float[] y = scratch.row.atLeast((int) roundUp(width) * panel);
    float @Nullable [] bias = weights.bias();
    long step = 4L * correlation.results();
    for (int row = 0; row < height; row++) {
      multiply(scratch.patch, row, group, vectors, panelAt, width, y);
      if (bias != null) {
        scratch.row.add(bias, group * Panels.padded(correlation.outputs()) + k, width, panel);
      }
      if (relu) {
        scratch.row.relu(width * panel);
      }
      long pixel = to + row * correlation.horizontal().results();
      long at = pixel * step + 4L * (group * correlation.outputs() + k);
      scratch.row.write(width, panel, outputs, out, at, step);
    }
  }

  private void multiply(
      StagedPatch patch, int row, int group, int vectors, int panelAt, int width, float[] y) {
    float[] x = patch.elements();
    float[] w = weights.elements();
    Axis down = correlation.vertical();
    Axis across = correlation.horizontal();
    int at = row * down.step() * patch.pitch() + group * correlation.inputs();
    int rowStep = down.dilation() * patch.pitch();
    int tapStep = across.dilation() * correlation.channels();
    int pixel = across.step() * correlation.channels();
    int taps = across.kernel();
    int inputs = correlation.inputs();
    if (Panels.WIDE && taps == 3 && tapStep == pixel) {
      TapTiles.row(vectors, width, x, at, rowStep, down.kernel(), inputs, pixel, w, panelAt, y);
      return;
    }
    if (taps == 1) {
      taps = inputs;
      inputs = 1;
      tapStep = 1;
    }
    if (Panels.WIDE) {
      PlainTiles.row(
          vectors,
          width,
          x,
          at,
          rowStep,
          down.kernel(),
          inputs,
          taps,
          tapStep,
          pixel,
          w,
          panelAt,
          y);
    } else {
      NarrowTiles.row(
          vectors,
          width,
          x,
          at,
          rowStep,
          down.kernel(),
          inputs,
          taps,
          tapStep,
          pixel,
          w,
          panelAt,
          y);
    }
  }
}
