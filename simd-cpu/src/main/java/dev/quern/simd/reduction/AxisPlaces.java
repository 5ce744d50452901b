package dev.quern.simd.reduction;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/** The greatest along the middle axis of (outer, count, inner), and the way back. */
final class AxisPlaces {
  /** Elements read or written in a piece, about. */
  private static final long PIECE = 1 << 14;

  private AxisPlaces() {}

  /** A strip of columns of a matrix, or, where they lie in one piece, some lines. */
  static final class Greatest extends Task {
    private final long count;
    private final long inner;
    private final long strip;
    private final long strips;
    private final MemorySegment x;
    private final MemorySegment out;
    private final MemorySegment places;

    Greatest(long count, long inner, Span x, Span out, Span places) {
      this.count = count;
      this.inner = inner;
      this.strip = Math.min(inner, 64 * Math.max(1, PIECE / 64 / count));
      this.strips = Math.ceilDiv(inner, Math.max(1, strip));
      this.x = open(x);
      this.out = open(out);
      this.places = open(places);
    }

    long strips() {
      return strips;
    }

    @Override
    public void run(long piece) {
      long matrix = piece / strips;
      long first = piece % strips * strip;
      int n = (int) Math.min(strip, inner - first);
      long at = 4 * (matrix * count * inner + first);
      StripLoops.greatest(x, at, count, inner, n, out, places, 4 * (matrix * inner + first));
    }
  }

  /** Some rows of the result, each of one matrix. */
  static final class Scatter extends Task {
    private final long count;
    private final long inner;
    private final long rows;
    private final long rowsPerPiece;
    private final MemorySegment values;
    private final MemorySegment places;
    private final MemorySegment out;

    Scatter(long outer, long count, long inner, Span values, Span places, Span out) {
      this.count = count;
      this.inner = inner;
      this.rows = outer * count;
      this.rowsPerPiece = Math.max(1, PIECE / inner);
      this.values = open(values);
      this.places = open(places);
      this.out = open(out);
    }

    long pieces() {
      return Math.ceilDiv(rows, rowsPerPiece);
    }

    @Override
    public void run(long piece) {
      long end = Math.min(rows, (piece + 1) * rowsPerPiece);
      for (long row = piece * rowsPerPiece; row < end; row++) {
        long from = 4 * (row / count * inner);
        int place = (int) (row % count);
        if (inner == 1) {
          boolean here = places.get(JAVA_INT_UNALIGNED, from) == place;
          float value = here ? values.get(JAVA_FLOAT_UNALIGNED, from) : 0;
          out.setAtIndex(JAVA_FLOAT_UNALIGNED, row, value);
        } else {
          columns(from, place, 4 * row * inner);
        }
      }
    }

    private void columns(long from, int place, long to) {
      for (long c = 0; c < inner; c += PIECE) {
        int n = (int) Math.min(PIECE, inner - c);
        StripLoops.scatter(values, places, from + 4 * c, place, out, to + 4 * c, n);
      }
    }
  }
}
