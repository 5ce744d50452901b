package dev.quern.simd.normalization;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Softmax along the middle axis of (outer, count, inner), in tiles of the thread's whose columns
 * are lines:
 *
 * <ul>
 *   <li>with an inner extent a tile is a strip of neighbouring lines;
 *   <li>else some short lines are transposed into one;
 *   <li>a long line that lies in one piece is a tile by itself, {@link #ROW} elements a row, whose
 *       columns are folded into one after each step. The last row is padded with what changes
 *       nothing.
 * </ul>
 */
abstract class SoftmaxTask extends Task {
  /** Columns of the tile that a long line makes, a multiple of every vector's lanes. */
  private static final int ROW = 64;

  /** Elements of a tile, about. */
  private static final int TILE = 1 << 14;

  /** The least columns of a tile: lanes of the widest vectors. */
  private static final int LEAST = 16;

  private static final ThreadScratch<Scratch> THREADS = new ThreadScratch<>(Scratch::new);

  /** What a thread needs. */
  static final class Scratch {
    float[] x = {};
    float[] y = {};
    float[] e = {};
    float[] most = {};
    float[] sums = {};

    /** Rows and columns of the tile, and whether its columns are parts of one line. */
    int rows;

    int width;
    boolean line;

    private void resize(int rows, int width, boolean line) {
      this.rows = rows;
      this.width = width;
      this.line = line;
      int n = Math.multiplyExact(rows, width);
      if (x.length < n) {
        x = new float[n];
        y = new float[n];
        e = new float[n];
      }
      if (sums.length < width) {
        most = new float[width];
        sums = new float[width];
      }
    }

    /** Makes the greatest of a long line of those of its columns. */
    void foldGreatest() {
      if (line) {
        float greatest = Float.NEGATIVE_INFINITY;
        for (int c = 0; c < width; c++) {
          greatest = Math.max(greatest, most[c]);
        }
        Arrays.fill(most, 0, width, greatest);
      }
    }

    /** Makes the sum of a long line of those of its columns. */
    void foldSums() {
      if (line) {
        double sum = 0;
        for (int c = 0; c < width; c++) {
          sum += sums[c];
        }
        Arrays.fill(sums, 0, width, (float) sum);
      }
    }
  }

  private final long count;
  private final long inner;
  private final long lines;
  private final boolean longLines;
  private final long columns;
  private final long strips;

  SoftmaxTask(long outer, long count, long inner) {
    this.count = count;
    this.inner = inner;
    this.lines = outer * inner;
    this.longLines = inner == 1 && count >= ROW;
    long most = Math.max(LEAST, TILE / count / LEAST * LEAST);
    this.columns = longLines ? 1 : Math.min(inner == 1 ? lines : inner, most);
    this.strips = inner == 1 ? Math.ceilDiv(lines, columns) : Math.ceilDiv(inner, columns);
  }

  /** Returns the number of pieces. */
  final long pieces() {
    return inner == 1 ? strips : lines / inner * strips;
  }

  @Override
  public final void run(long piece) {
    long matrix = inner == 1 ? 0 : piece / strips;
    long first = (inner == 1 ? piece : piece % strips) * columns;
    int n = (int) Math.min(columns, (inner == 1 ? lines : inner) - first);
    Scratch scratch = THREADS.get();
    if (longLines) {
      scratch.resize(Math.toIntExact(Math.ceilDiv(count, ROW)), ROW, true);
    } else {
      scratch.resize(Math.toIntExact(count), Math.ceilDiv(n, LEAST) * LEAST, false);
    }
    long at = 4 * (inner == 1 ? first * count : matrix * count * inner + first);
    tile(scratch, at, n);
  }

  /** Computes a tile that begins at a byte, of {@code n} lines. */
  abstract void tile(Scratch scratch, long at, int n);

  /** Fills a tile. */
  final void load(MemorySegment x, long at, int n, Scratch scratch, float[] tile, float padding) {
    int rows = scratch.rows;
    int width = scratch.width;
    if (longLines) {
      int length = (int) count;
      MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, at, tile, 0, length);
      Arrays.fill(tile, length, rows * width, padding);
    } else {
      for (int r = 0; r < rows; r++) {
        if (inner == 1) {
          for (int c = 0; c < n; c++) {
            tile[r * width + c] = x.get(JAVA_FLOAT_UNALIGNED, at + 4L * ((long) c * rows + r));
          }
        } else {
          MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, at + 4L * r * inner, tile, r * width, n);
        }
        Arrays.fill(tile, r * width + n, (r + 1) * width, padding);
      }
    }
  }

  /** Writes a tile. */
  final void store(float[] tile, Scratch scratch, MemorySegment out, long at, int n) {
    int rows = scratch.rows;
    int width = scratch.width;
    if (longLines) {
      MemorySegment.copy(tile, 0, out, JAVA_FLOAT_UNALIGNED, at, (int) count);
    } else {
      for (int r = 0; r < rows; r++) {
        if (inner == 1) {
          for (int c = 0; c < n; c++) {
            out.set(JAVA_FLOAT_UNALIGNED, at + 4L * ((long) c * rows + r), tile[r * width + c]);
          }
        } else {
          MemorySegment.copy(tile, r * width, out, JAVA_FLOAT_UNALIGNED, at + 4L * r * inner, n);
        }
      }
    }
  }
}
