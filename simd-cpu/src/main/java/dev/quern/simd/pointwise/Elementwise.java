package dev.quern.simd.pointwise;

import dev.quern.simd.math.VectorMath;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/**
 * One elementwise operation over a whole span, a chunk a piece. A tail shorter than a vector is
 * copied into padding and back, so that the same vector loop serves it.
 */
final class Elementwise extends Task {
  private static final int FLOAT = Float.BYTES;

  private final MemorySegment a;
  private final MemorySegment b;
  private final MemorySegment out;
  private final long elements;
  private final Loop loop;

  /** A loop over whole vectors, from the same byte offset in all three. */
  @FunctionalInterface
  interface Loop {
    void apply(MemorySegment a, MemorySegment b, MemorySegment out, long at, int n);
  }

  Elementwise(Span a, Span b, Span out, Loop loop) {
    this.a = open(a);
    this.b = open(b);
    this.out = open(out);
    this.elements = out.length();
    this.loop = loop;
  }

  @Override
  public void run(long piece) {
    apply(loop, a, b, out, FLOAT * Chunks.start(piece), Chunks.length(piece, elements));
  }

  /** Applies a loop to {@code n} elements, however many. */
  static void apply(
      Loop loop, MemorySegment a, MemorySegment b, MemorySegment out, long at, int n) {
    int whole = n - n % VectorMath.LANES;
    loop.apply(a, b, out, at, whole);
    if (whole == n) {
      return;
    }
    long tail = at + (long) FLOAT * whole;
    long bytes = (long) FLOAT * (n - whole);
    MemorySegment[] pads = PointwiseScratch.current().tails;
    MemorySegment.copy(a, tail, pads[0], 0, bytes);
    MemorySegment.copy(b, tail, pads[1], 0, bytes);
    loop.apply(pads[0], pads[1], pads[2], 0, VectorMath.LANES);
    MemorySegment.copy(pads[2], 0, out, tail, bytes);
  }
}
