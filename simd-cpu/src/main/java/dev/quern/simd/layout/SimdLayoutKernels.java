package dev.quern.simd.layout;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.LayoutKernels;
import java.lang.foreign.MemorySegment;

/** Transpositions in square tiles, whose rows stay in the cache while columns are written. */
public final class SimdLayoutKernels implements LayoutKernels {
  private static final int TILE = 32;

  /** A piece is this many elements or more, if the columns suffice. */
  private static final long PIECE = 1 << 14;

  private final WorkerPool pool;

  public SimdLayoutKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public void transpose(Span x, long count, long rows, long columns, Span out) {
    if (x.length() > 0) {
      Transpose task = new Transpose(x, rows, columns, out);
      pool.run(task, count * task.piecesPerMatrix(), 2);
    }
  }

  /** A piece is some rows of one matrix. */
  private static final class Transpose extends Task {
    private final MemorySegment x;
    private final MemorySegment out;
    private final int bytes;
    private final long rows;
    private final long columns;
    private final long rowsPerPiece;

    Transpose(Span x, long rows, long columns, Span out) {
      this.x = open(x);
      this.out = open(out);
      this.bytes = x.dtype().bytes();
      this.rows = rows;
      this.columns = columns;
      this.rowsPerPiece = TILE * Math.max(1, PIECE / (TILE * columns));
    }

    long piecesPerMatrix() {
      return Math.ceilDiv(rows, rowsPerPiece);
    }

    @Override
    public void run(long piece) {
      long matrix = piece / piecesPerMatrix() * rows * columns;
      long first = piece % piecesPerMatrix() * rowsPerPiece;
      long end = Math.min(rows, first + rowsPerPiece);
      for (long row = first; row < end; row += TILE) {
        int height = (int) Math.min(TILE, end - row);
        for (long column = 0; column < columns; column += TILE) {
          int width = (int) Math.min(TILE, columns - column);
          long from = matrix + row * columns + column;
          long to = matrix + column * rows + row;
          switch (bytes) {
            case 1 -> bytes(from, to, height, width);
            case 2 -> shorts(from, to, height, width);
            case 4 -> ints(from, to, height, width);
            default -> longs(from, to, height, width);
          }
        }
      }
    }

    private void bytes(long from, long to, int height, int width) {
      for (int c = 0; c < width; c++) {
        for (int r = 0; r < height; r++) {
          byte value = x.getAtIndex(JAVA_BYTE, from + r * columns + c);
          out.setAtIndex(JAVA_BYTE, to + c * rows + r, value);
        }
      }
    }

    private void shorts(long from, long to, int height, int width) {
      for (int c = 0; c < width; c++) {
        for (int r = 0; r < height; r++) {
          short value = x.getAtIndex(JAVA_SHORT_UNALIGNED, from + r * columns + c);
          out.setAtIndex(JAVA_SHORT_UNALIGNED, to + c * rows + r, value);
        }
      }
    }

    private void ints(long from, long to, int height, int width) {
      for (int c = 0; c < width; c++) {
        for (int r = 0; r < height; r++) {
          int value = x.getAtIndex(JAVA_INT_UNALIGNED, from + r * columns + c);
          out.setAtIndex(JAVA_INT_UNALIGNED, to + c * rows + r, value);
        }
      }
    }

    private void longs(long from, long to, int height, int width) {
      for (int c = 0; c < width; c++) {
        for (int r = 0; r < height; r++) {
          long value = x.getAtIndex(JAVA_LONG_UNALIGNED, from + r * columns + c);
          out.setAtIndex(JAVA_LONG_UNALIGNED, to + c * rows + r, value);
        }
      }
    }
  }
}
