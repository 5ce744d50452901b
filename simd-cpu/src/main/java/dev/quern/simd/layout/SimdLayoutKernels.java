package dev.quern.simd.layout;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.StridedView;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Transpositions in square tiles, whose rows stay in the cache while columns are written, strided
 * copies and concatenations.
 */
public final class SimdLayoutKernels implements LayoutKernels {
  private static final int TILE = 32;

  /** The most elements of a piece; only pieces at a matrix's ends have half as many or fewer. */
  private static final long PIECE = 1 << 14;

  /** With fewer elements in all than two full pieces, waking others is not worth it. */
  private static final long INLINE_BELOW = 2 * PIECE;

  private final WorkerPool pool;

  public SimdLayoutKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public void copyStrided(StridedView view, Span x, Span out) {
    if (out.length() > 0) {
      StridedCopy task = new StridedCopy(view, x, out);
      pool.run(task, task.pieces(), inlineBelow(out));
    }
  }

  @Override
  public void concat(long rows, List<Span> x, Span out) {
    if (out.length() > 0) {
      Concatenation task = new Concatenation(rows, x, out);
      pool.run(task, task.pieces(), inlineBelow(out));
    }
  }

  private static long inlineBelow(Span out) {
    return out.length() < INLINE_BELOW ? Long.MAX_VALUE : 0;
  }

  @Override
  public void transpose(Span x, long count, long rows, long columns, Span out) {
    if (x.length() > 0) {
      Transpose task = new Transpose(x, rows, columns, out);
      long pieces = count * task.piecesPerMatrix();
      pool.run(task, pieces, x.length() < INLINE_BELOW ? pieces + 1 : 0);
    }
  }

  /**
   * A piece is a band of rows of a strip of columns of one matrix. So few rows, as the channels of
   * an image, have many pieces too.
   */
  private static final class Transpose extends Task {
    private final MemorySegment x;
    private final MemorySegment out;
    private final int bytes;
    private final long rows;
    private final long columns;
    private final long band;
    private final long strip;
    private final long bands;
    private final long strips;

    Transpose(Span x, long rows, long columns, Span out) {
      this.x = open(x);
      this.out = open(out);
      this.bytes = x.dtype().bytes();
      this.rows = rows;
      this.columns = columns;
      long widest = TILE * (PIECE / (TILE * Math.min(rows, TILE)));
      this.strip = Math.min(columns, widest);
      this.band = TILE * Math.max(1, PIECE / (TILE * strip));
      this.bands = Math.ceilDiv(rows, band);
      this.strips = Math.ceilDiv(columns, strip);
    }

    long piecesPerMatrix() {
      return bands * strips;
    }

    @Override
    public void run(long piece) {
      long matrix = piece / piecesPerMatrix() * rows * columns;
      long inMatrix = piece % piecesPerMatrix();
      long top = inMatrix / strips * band;
      long bottom = Math.min(rows, top + band);
      long left = inMatrix % strips * strip;
      long right = Math.min(columns, left + strip);
      for (long row = top; row < bottom; row += TILE) {
        int height = (int) Math.min(TILE, bottom - row);
        for (long column = left; column < right; column += TILE) {
          int width = (int) Math.min(TILE, right - column);
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
