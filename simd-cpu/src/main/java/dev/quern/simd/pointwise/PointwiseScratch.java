package dev.quern.simd.pointwise;

import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.ThreadScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What a thread needs beside the operands of an elementwise operation. */
final class PointwiseScratch {
  private static final ThreadScratch<PointwiseScratch> THREADS =
      new ThreadScratch<>(PointwiseScratch::new);

  /** A chunk of f32 elements. */
  final MemorySegment chunk;

  /** The tails of two operands and of the result, of {@link Chunks#PAD} f32 elements each. */
  final MemorySegment[] tails = new MemorySegment[3];

  /** The exponentials of a chunk. */
  final float[] exponentials = new float[Chunks.SIZE];

  private PointwiseScratch() {
    Arena arena = Arena.ofAuto();
    chunk = arena.allocate((long) Chunks.SIZE * Float.BYTES, 64);
    for (int i = 0; i < tails.length; i++) {
      tails[i] = arena.allocate((long) Chunks.PAD * Float.BYTES, 64);
    }
  }

  /** Returns the calling thread's. */
  static PointwiseScratch current() {
    return THREADS.get();
  }
}
