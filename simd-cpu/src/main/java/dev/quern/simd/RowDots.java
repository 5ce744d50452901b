package dev.quern.simd;

import static dev.quern.simd.PointwiseLoops.load;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;
import static dev.quern.simd.VectorMath.ZERO;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
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

  private final MemorySegment matrix;
  private final MemorySegment vector;
  private final MemorySegment out;
  private final long rows;
  private final long k;
  private final long rowsPerPiece;

  private RowDots(Span matrix, long rows, long k, Span vector, Span out) {
    this.matrix = open(matrix);
    this.vector = open(vector);
    this.out = open(out);
    this.rows = rows;
    this.k = k;
    this.rowsPerPiece = Math.max(1, 4L * Chunks.SIZE / k);
  }

  static void multiply(WorkerPool pool, Span matrix, long rows, long k, Span vector, Span out) {
    RowDots task = new RowDots(matrix, rows, k, vector, out);
    long pieces = (rows + task.rowsPerPiece - 1) / task.rowsPerPiece;
    pool.run(task, pieces, 4);
  }

  @Override
  void run(long piece) {
    long first = piece * rowsPerPiece;
    long end = Math.min(rows, first + rowsPerPiece);
    float[] lanes = Workspace.current().lanes;
    for (long row = first; row < end; row++) {
      double sum = 0;
      for (long start = 0; start < k; start += BLOCK) {
        int n = (int) Math.min(BLOCK, k - start);
        for (int lane = 0; lane < ROW; lane += LANES) {
          dot(matrix, 4 * (row * k + start), vector, 4 * start, lane, n, lanes);
        }
        sum += tree(lanes);
      }
      out.setAtIndex(JAVA_FLOAT, row, (float) sum);
    }
  }

  /** Leaves the sums of products {@code lane} to {@code lane + LANES - 1} of every row of ROW. */
  private static void dot(
      MemorySegment a, long aAt, MemorySegment b, long bAt, int lane, int n, float[] lanes) {
    FloatVector sum = ZERO;
    int whole = n & -ROW;
    for (int i = lane; i < whole; i += ROW) {
      sum = load(a, aAt + 4L * i).fma(load(b, bAt + 4L * i), sum);
    }
    if (whole < n) {
      int i = whole + lane;
      VectorMask<Float> rest = SPECIES.indexInRange(i, n);
      ByteOrder order = ByteOrder.nativeOrder();
      FloatVector u = FloatVector.fromMemorySegment(SPECIES, a, aAt + 4L * i, order, rest);
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, b, bAt + 4L * i, order, rest);
      sum = u.fma(v, sum);
    }
    sum.intoArray(lanes, lane);
  }

  private static float tree(float[] s) {
    float left = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    float right = ((s[8] + s[9]) + (s[10] + s[11])) + ((s[12] + s[13]) + (s[14] + s[15]));
    return left + right;
  }
}
