package dev.quern.simd.layout;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.StridedView;
import java.lang.foreign.MemorySegment;

/**
 * Copies what a view selects. A piece is a stretch of the result's lines (its innermost axis), cut
 * where a line is long:
 *
 * <ul>
 *   <li>lines that lie densely in the operand are copied as blocks; short ones element by element,
 *       as a call costs more than they do;
 *   <li>lines of one element are filled: it is written once and what is there doubled;
 *   <li>other lines are gathered, and where another axis lies densely, as after an exchange of
 *       axes, a band of its lines together, so that what is read with a cache line is used.
 * </ul>
 */
final class StridedCopy extends Task {
  /** The most elements of a piece. */
  private static final long PIECE = 1 << 14;

  /** Elements along the line of a tile. */
  private static final int TILE = 32;

  /** Bytes from which a block copy is worth its call. */
  private static final long BLOCK = 64;

  private final MemorySegment x;
  private final MemorySegment out;
  private final int bytes;
  private final long offset;
  private final int axes;
  private final long[] extents;
  private final long[] strides;

  /** The innermost axis. */
  private final long line;

  private final long step;

  /** Lines in all, lines of a piece, and elements of a line that a piece takes. */
  private final long lines;

  private final long linesPerPiece;
  private final long part;
  private final long parts;

  StridedCopy(StridedView view, Span x, Span out) {
    this.x = open(x);
    this.out = open(out);
    this.bytes = x.dtype().bytes();
    this.offset = view.offset();
    int all = view.extents().size();
    this.axes = Math.max(0, all - 1);
    this.extents = new long[axes];
    this.strides = new long[axes];
    long count = 1;
    for (int i = 0; i < axes; i++) {
      extents[i] = view.extents().get(i);
      strides[i] = view.strides().get(i);
      count *= extents[i];
    }
    this.line = all == 0 ? 1 : view.extents().get(all - 1);
    this.step = all == 0 ? 1 : view.strides().get(all - 1);
    this.lines = count;
    boolean band = axes > 0 && strides[axes - 1] == 1 && step > 1;
    this.part = band ? Math.min(line, PIECE / TILE) : Math.min(line, PIECE);
    this.parts = Math.ceilDiv(line, part);
    this.linesPerPiece = Math.max(1, Math.min(lines, PIECE / part));
  }

  long pieces() {
    return Math.ceilDiv(lines, linesPerPiece) * parts;
  }

  @Override
  public void run(long piece) {
    long first = piece / parts * linesPerPiece;
    long end = Math.min(lines, first + linesPerPiece);
    long from = piece % parts * part;
    int n = (int) Math.min(part, line - from);
    for (long row = first; row < end; ) {
      int band = band(row, end);
      copy(start(row) + from * step, row * line + from, n, band);
      row += band;
    }
  }

  /** How many lines from this one on begin with neighbours. */
  private int band(long row, long end) {
    if (axes == 0 || strides[axes - 1] != 1) {
      return 1;
    }
    long left = extents[axes - 1] - row % extents[axes - 1];
    return (int) Math.min(end - row, left);
  }

  /** Where a line begins in the operand. */
  private long start(long row) {
    long at = offset;
    for (int i = axes - 1; i >= 0; i--) {
      at += row % extents[i] * strides[i];
      row /= extents[i];
    }
    return at;
  }

  /** Copies {@code n} elements of each of {@code band} lines. */
  private void copy(long from, long to, int n, int band) {
    if (step > 1) {
      for (int i = 0; i < n; i += TILE) {
        gather(from + i * step, to + i, Math.min(TILE, n - i), band);
      }
      return;
    }
    for (int b = 0; b < band; b++) {
      long at = to + b * line;
      if (step == 1 && (long) n * bytes >= BLOCK) {
        MemorySegment.copy(x, (from + b) * bytes, out, at * bytes, (long) n * bytes);
      } else if (step == 0 && (long) n * bytes >= BLOCK) {
        repeat(from + b, at, n);
      } else {
        gather(from + b, at, n, 1);
      }
    }
  }

  private void repeat(long from, long to, int n) {
    long all = (long) n * bytes;
    MemorySegment.copy(x, from * bytes, out, to * bytes, bytes);
    for (long done = bytes; done < all; done *= 2) {
      MemorySegment.copy(out, to * bytes, out, to * bytes + done, Math.min(done, all - done));
    }
  }

  private void gather(long from, long to, int n, int band) {
    switch (bytes) {
      case 1 -> bytes(from, to, n, band);
      case 2 -> shorts(from, to, n, band);
      case 4 -> ints(from, to, n, band);
      default -> longs(from, to, n, band);
    }
  }

  private void bytes(long from, long to, int n, int band) {
    for (int b = 0; b < band; b++) {
      for (int i = 0; i < n; i++) {
        byte value = x.getAtIndex(JAVA_BYTE, from + b + i * step);
        out.setAtIndex(JAVA_BYTE, to + b * line + i, value);
      }
    }
  }

  private void shorts(long from, long to, int n, int band) {
    for (int b = 0; b < band; b++) {
      for (int i = 0; i < n; i++) {
        short value = x.getAtIndex(JAVA_SHORT_UNALIGNED, from + b + i * step);
        out.setAtIndex(JAVA_SHORT_UNALIGNED, to + b * line + i, value);
      }
    }
  }

  private void ints(long from, long to, int n, int band) {
    for (int b = 0; b < band; b++) {
      for (int i = 0; i < n; i++) {
        int value = x.getAtIndex(JAVA_INT_UNALIGNED, from + b + i * step);
        out.setAtIndex(JAVA_INT_UNALIGNED, to + b * line + i, value);
      }
    }
  }

  private void longs(long from, long to, int n, int band) {
    for (int b = 0; b < band; b++) {
      for (int i = 0; i < n; i++) {
        long value = x.getAtIndex(JAVA_LONG_UNALIGNED, from + b + i * step);
        out.setAtIndex(JAVA_LONG_UNALIGNED, to + b * line + i, value);
      }
    }
  }
}
