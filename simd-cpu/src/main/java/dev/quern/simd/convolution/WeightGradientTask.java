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
 * one f32 chain of fused multiply-adds over images, rows and pixels in order, whatever the tile.
 */
final class WeightGradientTask extends Task {
  /** Elements of both operands that are staged at a time, 384 KB, if a row fits. */
  private static final long STAGED = 96 << 10;

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

  /** From one pixel of the staged gradient to the next. */
  private final int outputStep;

  /** Rows of results at a time. */
  private final int band;

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
    this.outputStep = groups * parts.padded();
    long inRow = in.width() * channels;
    long left = STAGED - (vertical.reach() - vertical.stride()) * inRow;
    long fitting = left / Math.max(1, inRow * vertical.stride() + result.width() * outputStep);
    this.band = (int) Math.clamp(fitting, 1, 64);
  }

  static void run(
      WorkerPool pool, WeightGradientParts parts, Span x, Span gradient, Span scratch) {
    Task task = new WeightGradientTask(parts, x, gradient, scratch);
    pool.run(task, parts.count(), parts.products() < INLINE_BELOW ? Long.MAX_VALUE : 2);
  }

  @Override
  public void run(long part) {
    Scratch scratch = THREADS.get();
    int size = parts.size();
    scratch.sums = atLeast(scratch.sums, size);
    Arrays.fill(scratch.sums, 0, size, 0);
    long end = parts.firstRow(part + 1);
    long next;
    for (long row = parts.firstRow(part); row < end; row = next) {
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
        x,
        JAVA_FLOAT,
        4 * (image * in.height() + firstIn) * rowIn,
        scratch.x,
        0,
        (int) count);
    stageGradient(scratch, (image * result.height() + top) * result.width(), rows);
    int pitch = (int) rowIn;
    int outPitch = (int) result.width() * outputStep;
    for (int r = 0; r < vertical.kernel(); r++) {
      long shift = (long) r * vertical.dilation() - vertical.padding();
      int first = (int) (Math.max(top, first(vertical, r)) - top);
      int end = (int) (Math.min(top + rows, end(vertical, r, in.height(), result.height())) - top);
      if (first < end) {
        int inRow = (int) ((top + first) * vertical.stride() + shift - firstIn);
        rowOfTaps(
            scratch, r, inRow * pitch, vertical.stride() * pitch, first * outPitch, outPitch, end - first);
      }
    }
  }

  /** The first result whose tap is not before the image. */
  private static long first(Window window, int tap) {
    long missing = window.padding() - (long) tap * window.dilation();
    return Math.max(0, Math.ceilDiv(missing, window.stride()));
  }

  /** One past the last result whose tap is not behind the image. */
  private static long end(Window window, int tap, long extent, long results) {
    long last = extent - 1 + window.padding() - (long) tap * window.dilation();
    return Math.min(results, Math.floorDiv(last, window.stride()) + 1);
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
  private void rowOfTaps(
      Scratch scratch, int r, int xAt, int xRow, int dAt, int dRow, int rows) {
    int padded = parts.padded();
    int taps = horizontal.kernel();
    int tapSize = parts.inputs() * padded;
    boolean shared =
        Panels.WIDE && taps == 3 && horizontal.stride() == 1 && horizontal.dilation() == 1;
    for (int group = 0; group < groups; group++) {
      int gAt = (group * parts.taps() + r * taps) * tapSize;
      int from = xAt + group * parts.inputs();
      int to = dAt + group * padded;
      int vectors;
      for (int k = 0; k < padded; k += vectors * LANES) {
        vectors = Math.min(2, (padded - k) / LANES);
        int c = 0;
        if (vectors == 1 && shared) {
          for (; c + 8 <= parts.inputs(); c += 8) {
            for (int row = 0; row < rows; row++) {
              threeTaps(scratch, from + row * xRow + c, to + row * dRow + k, gAt + c * padded + k);
            }
          }
        }
        for (int s = 0; s < taps; s++) {
          int first = (int) first(horizontal, s);
          int pixels = (int) end(horizontal, s, in.width(), result.width()) - first;
          if (pixels > 0) {
            tap(
                scratch,
                vectors,
                c,
                from + column(first, s) * channels,
                xRow,
                to + first * outputStep + k,
                dRow,
                rows,
                pixels,
                gAt + s * tapSize + k);
          }
        }
      }
    }
  }

  /** The column of the operand that a tap of a result sees. */
  private int column(int pixel, int tap) {
    return pixel * horizontal.stride() + tap * horizontal.dilation() - horizontal.padding();
  }

  /** One tap of the inputs from {@code c} on, over a rectangle. */
  private void tap(
      Scratch scratch,
      int vectors,
      int c,
      int xAt,
      int xRow,
      int dAt,
      int dRow,
      int rows,
      int pixels,
      int gAt) {
    float[] x = scratch.x;
    float[] d = scratch.gradient;
    float[] g = scratch.sums;
    int xStep = horizontal.stride() * channels;
    int inputs = parts.inputs();
    int gStep = parts.padded();
    int high;
    for (; c < inputs; c += high) {
      int a = xAt + c;
      int at = gAt + c * gStep;
      high = Panels.WIDE && inputs - c >= 8 ? 8 : inputs - c >= 4 ? 4 : 1;
      switch (high * 2 + vectors) {
        case 18 -> WeightGradientTiles.tile8x2(
            x, a, xRow, xStep, d, dAt, dRow, outputStep, rows, pixels, g, at, gStep);
        case 17 -> WeightGradientTiles.tile8x1(
            x, a, xRow, xStep, d, dAt, dRow, outputStep, rows, pixels, g, at, gStep);
        case 10 -> WeightGradientTiles.tile4x2(
            x, a, xRow, xStep, d, dAt, dRow, outputStep, rows, pixels, g, at, gStep);
        case 9 -> WeightGradientTiles.tile4x1(
            x, a, xRow, xStep, d, dAt, dRow, outputStep, rows, pixels, g, at, gStep);
        case 4 -> WeightGradientTiles.tile1x2(
            x, a, xRow, xStep, d, dAt, dRow, outputStep, rows, pixels, g, at, gStep);
        default -> WeightGradientTiles.tile1x1(
            x, a, xRow, xStep, d, dAt, dRow, outputStep, rows, pixels, g, at, gStep);
      }
    }
  }

  /**
   * Three neighbouring taps of 8 inputs over a row. Where all three are inside they share the
   * pixels of the operand; the few results before and behind are added by tap, first and last, so
   * the order is that of the pixels.
   */
  private void threeTaps(Scratch scratch, int xAt, int dAt, int gAt) {
    int gStep = parts.padded();
    int tapStep = parts.inputs() * gStep;
    int width = (int) in.width();
    int results = (int) result.width();
    int padding = horizontal.padding();
    // counted by the result of the first tap
    int from = 0;
    int to = Integer.MAX_VALUE;
    for (int s = 0; s < 3; s++) {
      from = Math.max(from, (int) first(horizontal, s) + s);
      to = Math.min(to, (int) end(horizontal, s, width, results) + s);
    }
    to = Math.max(from, to);
    for (int s = 0; s < 3; s++) {
      int first = (int) first(horizontal, s);
      int end = Math.min(from - s, (int) end(horizontal, s, width, results));
      edge(scratch, xAt, dAt, gAt + s * tapStep, s, first, end);
    }
    if (from < to) {
      WeightGradientTiles.taps8x3(
          scratch.x,
          xAt + (from - padding) * channels,
          channels,
          scratch.gradient,
          dAt + from * outputStep,
          outputStep,
          to - from,
          scratch.sums,
          gAt,
          gStep,
          tapStep);
    }
    for (int s = 0; s < 3; s++) {
      int first = Math.max((int) first(horizontal, s), to - s);
      edge(
          scratch,
          xAt,
          dAt,
          gAt + s * tapStep,
          s,
          first,
          (int) end(horizontal, s, width, results));
    }
  }

  private void edge(Scratch scratch, int xAt, int dAt, int gAt, int s, int first, int end) {
    if (first < end) {
      WeightGradientTiles.tile8x1(
          scratch.x,
          xAt + column(first, s) * channels,
          0,
          channels,
          scratch.gradient,
          dAt + first * outputStep,
          0,
          outputStep,
          1,
          end - first,
          scratch.sums,
          gAt,
          parts.padded());
    }
  }
}
