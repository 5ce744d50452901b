package dev.quern.simd.matrix;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import dev.quern.simd.math.NativeMemory;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * out[r] = the dot product of row r of a matrix (rows x k) with a vector. Inside a block of {@link
 * #BLOCK} products, product i goes to f32 accumulator i modulo {@link #ROW}; these are added as a
 * tree by index, blocks in f64 in order. Tails are read under a mask and multiply zeros there. Some
 * rows a piece.
 */
final class RowDots extends Task {
  private static final int ROW = 16;
  private static final int BLOCK = 4096;

  /** The sums of four rows. */
  private static final ThreadScratch<float[]> SUMS = new ThreadScratch<>(() -> new float[4 * ROW]);

  private final MemorySegment matrix;
  private final MemorySegment vector;
  private final MatrixResult out;
  private final long rows;
  private final long k;
  private final long rowsPerPiece;

  private RowDots(Span matrix, long rows, long k, Span vector, MatrixResult out) {
    this.matrix = open(matrix);
    this.vector = open(vector);
    this.out = out;
    confine(out.elements());
    this.rows = rows;
    this.k = k;
    this.rowsPerPiece = Math.max(1, 4L * Chunks.SIZE / k);
  }

  static void multiply(
      WorkerPool pool, Span matrix, long rows, long k, Span vector, MatrixResult out) {
    RowDots task = new RowDots(matrix, rows, k, vector, out);
    long pieces = (rows + task.rowsPerPiece - 1) / task.rowsPerPiece;
    pool.run(task, pieces, 4);
  }

  @Override
  public void run(long piece) {
    long first = piece * rowsPerPiece;
    long end = Math.min(rows, first + rowsPerPiece);
    float[] lanes = SUMS.get();
    long row = first;
    for (; row + 4 <= end; row += 4) {
      fourRows(row, lanes);
    }
    for (; row < end; row++) {
      oneRow(row, lanes);
    }
  }

  private void fourRows(long row, float[] lanes) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    for (long start = 0; start < k; start += BLOCK) {
      int n = (int) Math.min(BLOCK, k - start);
      for (int lane = 0; lane < ROW; lane += LANES) {
        fourDots(matrix, 4 * (row * k + start), 4 * k, vector, 4 * start, lane, n, lanes);
      }
      sum0 += tree(lanes, 0);
      sum1 += tree(lanes, ROW);
      sum2 += tree(lanes, 2 * ROW);
      sum3 += tree(lanes, 3 * ROW);
    }
    out.put(row, sum0);
    out.put(row + 1, sum1);
    out.put(row + 2, sum2);
    out.put(row + 3, sum3);
  }

  private void oneRow(long row, float[] lanes) {
    double sum = 0;
    for (long start = 0; start < k; start += BLOCK) {
      int n = (int) Math.min(BLOCK, k - start);
      for (int lane = 0; lane < ROW; lane += LANES) {
        dot(matrix, 4 * (row * k + start), vector, 4 * start, lane, n, lanes);
      }
      sum += tree(lanes, 0);
    }
    out.put(row, sum);
  }

  /** Leaves the sums of products {@code lane} to {@code lane + LANES - 1} of every row of ROW. */
  private static void dot(
      MemorySegment a, long aAt, MemorySegment b, long bAt, int lane, int n, float[] lanes) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    FloatVector sum = FloatVector.zero(SPECIES);
    int whole = n & -ROW;
    for (int i = lane; i < whole; i += ROW) {
      sum = load(a, aAt + 4L * i).fma(load(b, bAt + 4L * i), sum);
    }
    if (whole < n) {
      VectorMask<Float> rest = SPECIES.indexInRange(whole + lane, n);
      long at = 4L * (whole + lane);
      sum = load(a, aAt + at, rest).fma(load(b, bAt + at, rest), sum);
    }
    sum.intoArray(lanes, lane);
  }

  /** The same for four rows, {@code stride} bytes apart; their sums lie ROW apart. */
  private static void fourDots(
      MemorySegment a,
      long aAt,
      long stride,
      MemorySegment b,
      long bAt,
      int lane,
      int n,
      float[] lanes) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = FloatVector.zero(SPECIES);
    FloatVector sum2 = FloatVector.zero(SPECIES);
    FloatVector sum3 = FloatVector.zero(SPECIES);
    int whole = n & -ROW;
    for (int i = lane; i < whole; i += ROW) {
      FloatVector v = load(b, bAt + 4L * i);
      long at = aAt + 4L * i;
      sum0 = load(a, at).fma(v, sum0);
      sum1 = load(a, at + stride).fma(v, sum1);
      sum2 = load(a, at + 2 * stride).fma(v, sum2);
      sum3 = load(a, at + 3 * stride).fma(v, sum3);
    }
    if (whole < n) {
      VectorMask<Float> rest = SPECIES.indexInRange(whole + lane, n);
      FloatVector v = load(b, bAt + 4L * (whole + lane), rest);
      long at = aAt + 4L * (whole + lane);
      sum0 = load(a, at, rest).fma(v, sum0);
      sum1 = load(a, at + stride, rest).fma(v, sum1);
      sum2 = load(a, at + 2 * stride, rest).fma(v, sum2);
      sum3 = load(a, at + 3 * stride, rest).fma(v, sum3);
    }
    sum0.intoArray(lanes, lane);
    sum1.intoArray(lanes, ROW + lane);
    sum2.intoArray(lanes, 2 * ROW + lane);
    sum3.intoArray(lanes, 3 * ROW + lane);
  }

  private static float tree(float[] s, int i) {
    float left =
        ((s[i] + s[i + 1]) + (s[i + 2] + s[i + 3]))
            + ((s[i + 4] + s[i + 5]) + (s[i + 6] + s[i + 7]));
    float right =
        ((s[i + 8] + s[i + 9]) + (s[i + 10] + s[i + 11]))
            + ((s[i + 12] + s[i + 13]) + (s[i + 14] + s[i + 15]));
    return left + right;
  }
}
