package dev.quern.simd.layout;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Rows of several matrices side by side: a piece is some rows, matrix after matrix, so that each is
 * read as a stream. Long rows are copied as blocks; the few bytes of short ones by eights, as a
 * call costs more than they do.
 */
final class Concatenation extends Task {
  private static final long PIECE = 1 << 16;

  /** Bytes from which a block copy is worth its call. */
  private static final long BLOCK = 512;

  private final MemorySegment[] x;
  private final long[] widths;
  private final MemorySegment out;
  private final long rows;
  private final long width;
  private final long rowsPerPiece;

  Concatenation(long rows, List<Span> x, Span out) {
    this.rows = rows;
    this.x = new MemorySegment[x.size()];
    this.widths = new long[x.size()];
    for (int i = 0; i < widths.length; i++) {
      this.x[i] = open(x.get(i));
      widths[i] = HostBuffer.segment(x.get(i)).byteSize() / rows;
    }
    this.out = open(out);
    this.width = out.byteSize() / rows;
    this.rowsPerPiece = Math.max(1, PIECE / Math.max(1, width));
  }

  long pieces() {
    return Math.ceilDiv(rows, rowsPerPiece);
  }

  @Override
  public void run(long piece) {
    long first = piece * rowsPerPiece;
    int some = (int) Math.min(rowsPerPiece, rows - first);
    long to = first * width;
    for (int i = 0; i < widths.length; i++) {
      long bytes = widths[i];
      if (bytes >= BLOCK) {
        for (int row = 0; row < some; row++) {
          MemorySegment.copy(x[i], (first + row) * bytes, out, to + row * width, bytes);
        }
      } else {
        shortRows(x[i], first * bytes, (int) bytes, to, some);
      }
      to += bytes;
    }
  }

  private void shortRows(MemorySegment from, long at, int bytes, long to, int some) {
    int eights = bytes & -8;
    for (int row = 0; row < some; row++) {
      long source = at + (long) row * bytes;
      long target = to + row * width;
      for (int i = 0; i < eights; i += 8) {
        out.set(JAVA_LONG_UNALIGNED, target + i, from.get(JAVA_LONG_UNALIGNED, source + i));
      }
      for (int i = eights; i < bytes; i++) {
        out.set(JAVA_BYTE, target + i, from.get(JAVA_BYTE, source + i));
      }
    }
  }
}
