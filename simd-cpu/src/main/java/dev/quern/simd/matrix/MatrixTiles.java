package dev.quern.simd.matrix;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The general matrix product. A piece is a tile of the result, {@link #ROWS} x {@link #COLUMNS}:
 * for each block of {@link #DEPTH} of the summed extent it packs a panel of both operands into
 * scratch arrays, transposed where needed and padded with zeros, multiplies them with {@link
 * MatrixMicro} in f32 and adds the block to the tile's f64 sums. Where the result has few tiles and
 * K is long, K is cut into bands of {@link #BAND} too, whose sums lie in scratch memory and are
 * added in order.
 */
final class MatrixTiles extends Task {
  static final int ROWS = 96;
  static final int COLUMNS = 128;
  static final int DEPTH = 256;
  private static final int BAND = 16 * DEPTH;

  /** With so many tiles there is enough to share, and bands would only cost memory. */
  private static final long ENOUGH_TILES = 64;

  /** The panels of a thread, 300 KB. */
  private static final ThreadScratch<MatrixMicro> PANELS = new ThreadScratch<>(MatrixMicro::new);

  private final boolean transposeA;
  private final boolean transposeB;
  private final long m;
  private final long n;
  private final long k;
  private final MemorySegment a;
  private final MemorySegment b;
  private final MatrixResult out;
  private final MemorySegment partials;
  private final long tiles;
  private final long bands;

  private MatrixTiles(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      MatrixResult out,
      Span scratch) {
    this.transposeA = transposeA;
    this.transposeB = transposeB;
    this.m = m;
    this.n = n;
    this.k = k;
    this.a = open(a);
    this.b = open(b);
    this.out = out;
    confine(out.elements());
    this.partials = open(scratch);
    this.tiles = tiles(m, n);
    this.bands = bands(m, n, k);
  }

  static long scratchBytes(long m, long n, long k) {
    long bands = bands(m, n, k);
    return bands == 1 ? 1 : bands * m * n * Double.BYTES;
  }

  private static long tiles(long m, long n) {
    return (m + ROWS - 1) / ROWS * ((n + COLUMNS - 1) / COLUMNS);
  }

  private static long bands(long m, long n, long k) {
    return tiles(m, n) >= ENOUGH_TILES ? 1 : Math.max(1, (k + BAND - 1) / BAND);
  }

  static void multiply(
      WorkerPool pool,
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      MatrixResult out,
      Span scratch) {
    MatrixTiles task = new MatrixTiles(transposeA, transposeB, m, n, k, a, b, out, scratch);
    // 2^18 multiplications are about 10 microseconds of work
    long inlineBelow = (double) m * n * k < 1 << 18 ? Long.MAX_VALUE : 2;
    pool.run(task, task.tiles * task.bands, inlineBelow);
    if (task.bands > 1) {
      task.addBands();
    }
  }

  private void addBands() {
    for (long i = 0; i < m * n; i++) {
      double sum = 0;
      for (long band = 0; band < bands; band++) {
        sum += partials.getAtIndex(JAVA_DOUBLE, band * m * n + i);
      }
      out.put(i, sum);
    }
  }

  @Override
  public void run(long piece) {
    long band = piece / tiles;
    long tile = piece % tiles;
    long across = (n + COLUMNS - 1) / COLUMNS;
    long row = tile / across * ROWS;
    long column = tile % across * COLUMNS;
    int height = (int) Math.min(ROWS, m - row);
    int width = (int) Math.min(COLUMNS, n - column);
    long first = bands == 1 ? 0 : band * BAND;
    long end = bands == 1 ? k : Math.min(k, first + BAND);

    MatrixMicro micro = PANELS.get();
    Arrays.fill(micro.sums, 0);
    for (long inner = first; inner < end; inner += DEPTH) {
      int depth = (int) Math.min(DEPTH, end - inner);
      packA(micro, row, height, inner, depth);
      packB(micro, column, width, inner, depth);
      micro.multiply(height, width, depth);
    }
    for (int r = 0; r < height; r++) {
      long at = (row + r) * n + column;
      for (int c = 0; c < width; c++) {
        double sum = micro.sums[r * COLUMNS + c];
        if (bands == 1) {
          out.put(at + c, sum);
        } else {
          partials.setAtIndex(JAVA_DOUBLE, band * m * n + at + c, sum);
        }
      }
    }
  }

  /** Lays out A in panels of {@link MatrixMicro#HEIGHT} rows, the summed index slowest. */
  private void packA(MatrixMicro micro, long row, int height, long inner, int depth) {
    int panelHeight = MatrixMicro.HEIGHT;
    for (int r = 0; r < (height + panelHeight - 1) / panelHeight * panelHeight; r++) {
      int at = r / panelHeight * panelHeight * DEPTH + r % panelHeight;
      for (int d = 0; d < depth; d++) {
        long index = transposeA ? (inner + d) * m + row + r : (row + r) * k + inner + d;
        float value = r < height ? a.getAtIndex(JAVA_FLOAT, index) : 0;
        micro.left[at + d * panelHeight] = value;
      }
    }
  }

  /** Lays out B in panels of {@link MatrixMicro#WIDTH} columns, the summed index slowest. */
  private void packB(MatrixMicro micro, long column, int width, long inner, int depth) {
    int panelWidth = MatrixMicro.WIDTH;
    for (int c = 0; c < width; c += panelWidth) {
      int inside = Math.min(panelWidth, width - c);
      for (int d = 0; d < depth; d++) {
        int at = c * DEPTH + d * panelWidth;
        if (transposeB) {
          for (int i = 0; i < inside; i++) {
            micro.right[at + i] = b.getAtIndex(JAVA_FLOAT, (column + c + i) * k + inner + d);
          }
        } else {
          long from = 4 * ((inner + d) * n + column + c);
          MemorySegment.copy(b, JAVA_FLOAT, from, micro.right, at, inside);
        }
        Arrays.fill(micro.right, at + inside, at + panelWidth, 0);
      }
    }
  }
}
