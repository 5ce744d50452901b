package dev.quern.simd.reduction;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.ColumnBlocks;
import dev.quern.simd.work.GrowingMemory;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Sums along the middle axis of (outer, count, inner): a matrix of {@code count} rows for each of
 * the outer. Three ways, chosen by the shape alone:
 *
 * <ul>
 *   <li>{@link Rows}, inner 1: each row is a sum of chunks.
 *   <li>{@link Columns}, inner small: blocks of rows, their columns laid over vectors.
 *   <li>{@link Strips}, inner large: strips of columns, vectors along them.
 * </ul>
 */
final class AxisSums {
  /** Columns from which strips have enough in a row. */
  private static final long WIDE = 512;

  private AxisSums() {}

  static boolean isWide(long inner) {
    return inner >= WIDE;
  }

  /** Rows that lie in one piece. */
  static final class Rows extends Task {
    private final long count;
    private final MemorySegment x;
    private final MemorySegment out;

    Rows(long count, Span x, Span out) {
      this.count = count;
      this.x = open(x);
      this.out = open(out);
    }

    @Override
    public void run(long piece) {
      double sum = 0;
      long chunks = Chunks.count(count);
      for (long chunk = 0; chunk < chunks; chunk++) {
        long at = 4 * (piece * count + Chunks.start(chunk));
        sum += SumLoops.sum(x, at, Chunks.length(chunk, count));
      }
      out.setAtIndex(JAVA_FLOAT_UNALIGNED, piece, (float) sum);
    }
  }

  /** What a thread needs to sum columns. */
  private static final class Scratch {
    float[] accumulators = {};
    double[] sums = {};
    final GrowingMemory pad = new GrowingMemory();
  }

  private static final ThreadScratch<Scratch> THREADS = new ThreadScratch<>(Scratch::new);

  /** Pieces of blocks of the matrices, each leaving its sums in the scratch memory. */
  static final class Columns extends Task {
    private final ColumnBlocks blocks;
    private final MemorySegment x;
    private final MemorySegment partials;

    Columns(ColumnBlocks blocks, Span x, Span scratch) {
      this.blocks = blocks;
      this.x = open(x);
      this.partials = open(scratch);
    }

    @Override
    public void run(long piece) {
      Scratch work = THREADS.get();
      int columns = blocks.columns();
      int period = blocks.period();
      if (work.accumulators.length < period) {
        work.accumulators = new float[period];
        work.sums = new double[period];
      }
      Arrays.fill(work.sums, 0, columns, 0);
      long matrix = piece / blocks.pieces() * blocks.rows();
      long inMatrix = piece % blocks.pieces();
      for (long b = blocks.firstBlock(inMatrix); b < blocks.firstBlock(inMatrix + 1); b++) {
        Arrays.fill(work.accumulators, 0, period, 0);
        long at = 4 * (matrix + blocks.firstRow(b)) * columns;
        int n = blocks.rows(b) * columns;
        ColumnLoops.add(x, at, n, period, work.accumulators, work.pad);
        ColumnLoops.fold(work.accumulators, period, work.sums, columns);
      }
      for (int c = 0; c < columns; c++) {
        partials.set(JAVA_DOUBLE, 8 * (piece * columns + c), work.sums[c]);
      }
    }

    /** Adds the pieces of every matrix. */
    void merge(long outer, MemorySegment out) {
      long pieces = blocks.pieces();
      int columns = blocks.columns();
      for (long o = 0; o < outer; o++) {
        for (int c = 0; c < columns; c++) {
          double sum = 0;
          for (long piece = o * pieces; piece < (o + 1) * pieces; piece++) {
            sum += partials.get(JAVA_DOUBLE, 8 * (piece * columns + c));
          }
          out.setAtIndex(JAVA_FLOAT_UNALIGNED, o * columns + c, (float) sum);
        }
      }
    }
  }

  /** A strip of columns of a matrix: so many rows in f32, these sums in f64. */
  static final class Strips extends Task {
    /** Columns of a strip. */
    static final int STRIP = 512;

    /** Rows whose sum is f32. */
    private static final long DEPTH = 256;

    private final long count;
    private final long inner;
    private final long strips;
    private final MemorySegment x;
    private final MemorySegment out;

    Strips(long count, long inner, Span x, Span out) {
      this.count = count;
      this.inner = inner;
      this.strips = Math.ceilDiv(inner, STRIP);
      this.x = open(x);
      this.out = open(out);
    }

    long strips() {
      return strips;
    }

    @Override
    public void run(long piece) {
      Scratch work = THREADS.get();
      if (work.accumulators.length < STRIP) {
        work.accumulators = new float[STRIP];
        work.sums = new double[STRIP];
      }
      long matrix = piece / strips;
      long first = piece % strips * STRIP;
      int n = (int) Math.min(STRIP, inner - first);
      Arrays.fill(work.sums, 0, n, 0);
      for (long row = 0; row < count; row += DEPTH) {
        Arrays.fill(work.accumulators, 0, n, 0);
        int rows = (int) Math.min(DEPTH, count - row);
        long at = 4 * ((matrix * count + row) * inner + first);
        StripLoops.add(x, at, rows, inner, n, work.accumulators);
        ColumnLoops.fold(work.accumulators, n, work.sums, n);
      }
      for (int c = 0; c < n; c++) {
        out.setAtIndex(JAVA_FLOAT_UNALIGNED, matrix * inner + first + c, (float) work.sums[c]);
      }
    }
  }
}
