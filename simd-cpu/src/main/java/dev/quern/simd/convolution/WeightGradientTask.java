package dev.quern.simd.convolution;

import static dev.quern.simd.math.VectorMath.LANES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The sums of the parts of a weight gradient. A piece is a part: some rows at a time, and the rows
 * of the operand that they see, are copied into arrays, and each tap multiplies the rectangle of
 * them where it is inside the image, so the padding is never multiplied. An element of a part is
 * one f32 chain of fused multiply-adds, whatever the tile: bands of rows in order, and in a band
 * rows and columns in order; {@link WeightGradientParts#sharesTaps} has the exception.
 */
final class WeightGradientTask extends Task {
  private static final double INLINE_BELOW = 1 << 18;

  private static final ThreadScratch<Scratch> THREADS = new ThreadScratch<>(Scratch::new);

  /** What a thread needs. */
  private static final class Scratch {
    float[] x = {};
    float[] gradient = {};
    float[] sums = {};
  }

  private final WeightGradientParts parts;
  private final Window vertical;
  private final Window horizontal;
  private final SpatialExtent in;
  private final SpatialExtent result;
  private final int channels;
  private final int groups;
  private final MemorySegment x;
  private final MemorySegment gradient;
  private final MemorySegment partials;

  /** From one pixel of the staged operand to that of the next result, and from row to row. */
  private final int xStep;

  private final int xRow;

  /** The same in the staged gradient. */
  private final int outputStep;

  private final int dRow;

  /** From one tap's sums to the next. */
  private final int tapSize;

  private WeightGradientTask(WeightGradientParts parts, Span x, Span gradient, Span scratch) {
    this.parts = parts;
    this.vertical = parts.spec().vertical();
    this.horizontal = parts.spec().horizontal();
    this.in = parts.in();
    this.result = parts.result();
    this.channels = Math.toIntExact(in.channels());
    this.groups = parts.spec().groups();
    this.x = open(x);
    this.gradient = open(gradient);
    this.partials = open(scratch);
    this.xStep = horizontal.stride() * channels;
    this.xRow = Math.toIntExact(vertical.stride() * in.width() * channels);
    this.outputStep = groups * parts.padded();
    this.dRow = Math.toIntExact(result.width() * outputStep);
    this.tapSize = parts.inputs() * parts.padded();
  }

  static void run(WorkerPool pool, WeightGradientParts parts, Span x, Span gradient, Span scratch) {
    Task task = new WeightGradientTask(parts, x, gradient, scratch);
    pool.run(task, parts.count(), parts.products() < INLINE_BELOW ? Long.MAX_VALUE : 2);
  }

  @Override
  public void run(long part) {
    Scratch scratch = THREADS.get();
    int size = parts.size();
    scratch.sums = atLeast(scratch.sums, size);
    Arrays.fill(scratch.sums, 0, size, 0);
    int band = parts.band();
    long end = parts.start(part + 1);
    long next;
    for (long row = parts.start(part); row < end; row = next) {
      long image = row / result.height();
      next = Math.min(Math.min(end, row + band), (image + 1) * result.height());
      add(scratch, image, row % result.height(), (int) (next - row));
    }
    MemorySegment.copy(scratch.sums, 0, partials, JAVA_FLOAT, 4 * part * size, size);
  }

  private static float[] atLeast(float[] array, long size) {
    return array.length < size ? new float[Math.toIntExact(size)] : array;
  }

  /** Adds the products of some rows of an image. */
  private void add(Scratch scratch, long image, long top, int rows) {
    long start = top * vertical.stride() - vertical.padding();
    long firstIn = Math.max(0, start);
    long endIn = Math.min(in.height(), start + (rows - 1L) * vertical.stride() + vertical.reach());
    long rowIn = in.width() * channels;
    if (firstIn >= endIn || rowIn == 0) {
      return;
    }
    long count = (endIn - firstIn) * rowIn;
    scratch.x = atLeast(scratch.x, count);
    MemorySegment.copy(
        x, JAVA_FLOAT, 4 * (image * in.height() + firstIn) * rowIn, scratch.x, 0, (int) count);
    stageGradient(scratch, (image * result.height() + top) * result.width(), rows);
    for (int r = 0; r < vertical.kernel(); r++) {
      int first = (int) (Math.max(top, parts.firstRow(r)) - top);
      int end = (int) (Math.min(top + rows, parts.endRow(r)) - top);
      if (first < end) {
        long inRow = start + (long) first * vertical.stride() + (long) r * vertical.dilation();
        rowOfTaps(scratch, r, (int) ((inRow - firstIn) * rowIn), first * dRow, end - first);
      }
    }
  }

  private void stageGradient(Scratch scratch, long firstPixel, int rows) {
    int pixels = Math.toIntExact(rows * result.width());
    int outputs = parts.outputs();
    int padded = parts.padded();
    scratch.gradient = atLeast(scratch.gradient, (long) pixels * outputStep);
    float[] to = scratch.gradient;
    if (outputs == padded) {
      long from = 4 * firstPixel * outputStep;
      MemorySegment.copy(gradient, JAVA_FLOAT, from, to, 0, pixels * outputStep);
      return;
    }
    Arrays.fill(to, 0, pixels * outputStep, 0);
    for (int pixel = 0; pixel < pixels; pixel++) {
      for (int group = 0; group < groups; group++) {
        int at = pixel * outputStep + group * padded;
        long from = ((firstPixel + pixel) * groups + group) * outputs;
        for (int k = 0; k < outputs; k++) {
          to[at + k] = gradient.getAtIndex(JAVA_FLOAT, from + k);
        }
      }
    }
  }

  /** The taps of a row, of all groups, each over the columns where it is inside. */
  private void rowOfTaps(Scratch scratch, int r, int xAt, int dAt, int rows) {
    int padded = parts.padded();
    for (int group = 0; group < groups; group++) {
      int gAt = (group * parts.taps() + r * horizontal.kernel()) * tapSize;
      int from = xAt + group * parts.inputs();
      for (int k = 0; k < padded; k += 2 * LANES) {
        int vectors = Math.min(2, (padded - k) / LANES);
        int to = dAt + group * padded + k;
        if (parts.sharesTaps()) {
          sharedTaps(scratch, vectors, from, to, rows, gAt + k);
        } else {
          for (int s = 0; s < horizontal.kernel(); s++) {
            int end = parts.endColumn(s);
            tap(scratch, s, vectors, 0, from, to, rows, parts.firstColumn(s), end, gAt + k);
          }
        }
      }
    }
  }

  /** Three taps: where all are inside, they share the pixels of the operand. */
  private void sharedTaps(Scratch scratch, int vectors, int xAt, int dAt, int rows, int gAt) {
    int first = parts.firstShared();
    int end = parts.endShared();
    for (int s = 0; s < 3; s++) {
      int before = Math.min(first - s, parts.endColumn(s));
      tap(scratch, s, vectors, 0, xAt, dAt, rows, parts.firstColumn(s), before, gAt);
    }
    int c = 0;
    if (Panels.WIDE && first < end) {
      int gStep = parts.padded();
      int a = xAt + column(first, 0) * channels;
      int b = dAt + first * outputStep;
      for (; c + 8 <= parts.inputs(); c += 8) {
        WeightGradientTiles.taps8x3(
            scratch.x,
            a + c,
            xRow,
            channels,
            scratch.gradient,
            b,
            dRow,
            outputStep,
            rows,
            end - first,
            scratch.sums,
            gAt + c * gStep,
            gStep,
            tapSize);
      }
    }
    for (int s = 0; s < 3; s++) {
      tap(scratch, s, vectors, c, xAt, dAt, rows, first - s, end - s, gAt);
    }
    for (int s = 0; s < 3; s++) {
      int behind = Math.max(parts.firstColumn(s), end - s);
      tap(scratch, s, vectors, 0, xAt, dAt, rows, behind, parts.endColumn(s), gAt);
    }
  }

  /** The column of the operand that a tap of a result sees. */
  private int column(int result, int tap) {
    return result * horizontal.stride() + tap * horizontal.dilation() - horizontal.padding();
  }

  /** One tap of the inputs from {@code c} on, over some columns. */
  private void tap(
      Scratch scratch,
      int s,
      int vectors,
      int c,
      int xAt,
      int dAt,
      int rows,
      int first,
      int end,
      int gAt) {
    int pixels = end - first;
    if (pixels <= 0) {
      return;
    }
    float[] x = scratch.x;
    float[] d = scratch.gradient;
    float[] g = scratch.sums;
    int from = xAt + column(first, s) * channels;
    int b = dAt + first * outputStep;
    int inputs = parts.inputs();
    int gStep = parts.padded();
    int high;
    for (; c < inputs; c += high) {
      int a = from + c;
      int at = gAt + s * tapSize + c * gStep;
      high = Panels.WIDE && inputs - c >= 8 ? 8 : inputs - c >= 4 ? 4 : 1;
      switch (high * 2 + vectors) {
        case 18 ->
            WeightGradientTiles.tile8x2(
                x, a, xRow, xStep, d, b, dRow, outputStep, rows, pixels, g, at, gStep);
        case 17 ->
            WeightGradientTiles.tile8x1(
                x, a, xRow, xStep, d, b, dRow, outputStep, rows, pixels, g, at, gStep);
        case 10 ->
            WeightGradientTiles.tile4x2(
                x, a, xRow, xStep, d, b, dRow, outputStep, rows, pixels, g, at, gStep);
        case 9 ->
            WeightGradientTiles.tile4x1(
                x, a, xRow, xStep, d, b, dRow, outputStep, rows, pixels, g, at, gStep);
        case 4 ->
            WeightGradientTiles.tile1x2(
                x, a, xRow, xStep, d, b, dRow, outputStep, rows, pixels, g, at, gStep);
        default ->
            WeightGradientTiles.tile1x1(
                x, a, xRow, xStep, d, b, dRow, outputStep, rows, pixels, g, at, gStep);
      }
    }
  }
}
