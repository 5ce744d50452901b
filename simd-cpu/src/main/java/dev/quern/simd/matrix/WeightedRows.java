package dev.quern.simd.matrix;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.simd.math.NativeMemory;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * out[c] = the sum over r of weight[r] * matrix[r, c], a lane a column. Inside a block of {@link
 * #BLOCK} rows, even and odd rows have an f32 accumulator each; a band of {@link #BAND} rows is
 * summed in f64 and left in scratch, and the bands are added in order. A piece is a band of a strip
 * of {@link #STRIP} columns, so long thin matrices and short wide ones both have many. Columns
 * beyond whole vectors are read and written under a mask.
 */
final class WeightedRows extends Task {
  private static final int BLOCK = 128;
  private static final int BAND = 2048;
  private static final int STRIP = 512;

  private static final ThreadScratch<Scratch> THREADS = new ThreadScratch<>(Scratch::new);

  /** What a thread needs. */
  private static final class Scratch {
    /** The f64 sums of a strip of columns. */
    final double[] sums = new double[STRIP];

    /** The f32 sums of a block of rows. */
    final float[] lanes = new float[LANES];
  }

  private final MemorySegment matrix;
  private final MemorySegment weights;
  private final MatrixResult out;
  private final MemorySegment partials;
  private final long rows;
  private final long columns;
  private final long bands;
  private final long strips;

  private WeightedRows(
      Span matrix, long rows, long columns, Span weights, MatrixResult out, Span scratch) {
    this.matrix = open(matrix);
    this.weights = open(weights);
    this.out = out;
    confine(out.elements());
    this.partials = open(scratch);
    this.rows = rows;
    this.columns = columns;
    this.bands = bands(rows);
    this.strips = (columns + STRIP - 1) / STRIP;
  }

  static long scratchBytes(long rows, long columns) {
    return Math.max(1, bands(rows) * columns * Double.BYTES);
  }

  private static long bands(long rows) {
    return (rows + BAND - 1) / BAND;
  }

  static void multiply(
      WorkerPool pool,
      Span matrix,
      long rows,
      long columns,
      Span weights,
      MatrixResult out,
      Span scratch) {
    WeightedRows task = new WeightedRows(matrix, rows, columns, weights, out, scratch);
    pool.run(task, task.bands * task.strips, 4);
    if (task.bands > 1) {
      task.addBands();
    }
  }

  private void addBands() {
    for (long c = 0; c < columns; c++) {
      double sum = 0;
      for (long band = 0; band < bands; band++) {
        sum += partials.getAtIndex(JAVA_DOUBLE, band * columns + c);
      }
      out.put(c, sum);
    }
  }

  @Override
  public void run(long piece) {
    long band = piece / strips;
    long column = piece % strips * STRIP;
    int width = (int) Math.min(STRIP, columns - column);
    long firstRow = band * BAND;
    long endRow = Math.min(rows, firstRow + BAND);
    Scratch work = THREADS.get();
    double[] sums = work.sums;
    Arrays.fill(sums, 0, width, 0);
    for (long row = firstRow; row < endRow; row += BLOCK) {
      int height = (int) Math.min(BLOCK, endRow - row);
      for (int c = 0; c < width; c += LANES) {
        int n = Math.min(LANES, width - c);
        long at = 4 * (row * columns + column + c);
        if (n == LANES) {
          sum(matrix, at, 4 * columns, weights, 4 * row, height, work.lanes);
        } else {
          VectorMask<Float> inside = SPECIES.indexInRange(0, n);
          sum(matrix, at, 4 * columns, weights, 4 * row, height, inside, work.lanes);
        }
        for (int lane = 0; lane < n; lane++) {
          sums[c + lane] += work.lanes[lane];
        }
      }
    }
    for (int c = 0; c < width; c++) {
      if (bands == 1) {
        out.put(column + c, sums[c]);
      } else {
        partials.setAtIndex(JAVA_DOUBLE, band * columns + column + c, sums[c]);
      }
    }
  }

  private static void sum(
      MemorySegment x, long at, long stride, MemorySegment w, long wAt, int rows, float[] lanes) {
    x = NativeMemory.known(x);
    w = NativeMemory.known(w);
    FloatVector even = FloatVector.zero(SPECIES);
    FloatVector odd = FloatVector.zero(SPECIES);
    int r = 0;
    for (; r + 1 < rows; r += 2) {
      even = load(x, at + r * stride).fma(weight(w, wAt, r), even);
      odd = load(x, at + (r + 1) * stride).fma(weight(w, wAt, r + 1), odd);
    }
    if (r < rows) {
      even = load(x, at + r * stride).fma(weight(w, wAt, r), even);
    }
    even.add(odd).intoArray(lanes, 0);
  }

  private static void sum(
      MemorySegment x,
      long at,
      long stride,
      MemorySegment w,
      long wAt,
      int rows,
      VectorMask<Float> inside,
      float[] lanes) {
    x = NativeMemory.known(x);
    w = NativeMemory.known(w);
    FloatVector even = FloatVector.zero(SPECIES);
    FloatVector odd = FloatVector.zero(SPECIES);
    int r = 0;
    for (; r + 1 < rows; r += 2) {
      even = load(x, at + r * stride, inside).fma(weight(w, wAt, r), even);
      odd = load(x, at + (r + 1) * stride, inside).fma(weight(w, wAt, r + 1), odd);
    }
    if (r < rows) {
      even = load(x, at + r * stride, inside).fma(weight(w, wAt, r), even);
    }
    even.add(odd).intoArray(lanes, 0);
  }

  private static FloatVector weight(MemorySegment w, long at, int r) {
    return FloatVector.broadcast(SPECIES, w.get(JAVA_FLOAT, at + 4L * r));
  }
}
