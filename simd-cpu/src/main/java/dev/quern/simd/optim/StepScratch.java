package dev.quern.simd.optim;

import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.ThreadScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** What a thread needs beside the streams of an optimizer step. */
final class StepScratch {
  private static final ThreadScratch<StepScratch> THREADS = new ThreadScratch<>(StepScratch::new);

  /** The most streams: parameters, gradients, three of the optimizer's own and the average. */
  private static final int STREAMS = 6;

  /** The prepared gradients of a chunk, and some more: whole vectors are written. */
  final MemorySegment gradients;

  /** The tails of the streams, of {@link Chunks#PAD} f32 elements each. */
  final MemorySegment[] tails = new MemorySegment[STREAMS];

  /** The same for steps on arrays, which have no average. */
  final float[] arrayGradients = new float[Chunks.SIZE];

  final float[][] arrayTails = new float[STREAMS - 1][Chunks.PAD];

  private MemorySegment @Nullable [] chunks;

  private StepScratch() {
    Arena arena = Arena.ofAuto();
    gradients = arena.allocate((Chunks.SIZE + (long) Chunks.PAD) * Float.BYTES, 64);
    for (int i = 0; i < tails.length; i++) {
      tails[i] = arena.allocate((long) Chunks.PAD * Float.BYTES, 64);
    }
  }

  /** Returns a chunk of every stream but the average, 80 KB that are made on first use. */
  MemorySegment[] chunks() {
    MemorySegment[] made = chunks;
    if (made == null) {
      made = new MemorySegment[STREAMS - 1];
      Arena arena = Arena.ofAuto();
      for (int i = 0; i < made.length; i++) {
        made[i] = arena.allocate((Chunks.SIZE + (long) Chunks.PAD) * Float.BYTES, 64);
      }
      chunks = made;
    }
    return made;
  }

  /** Returns the calling thread's. */
  static StepScratch current() {
    return THREADS.get();
  }
}
