package dev.quern.simd;

import dev.quern.spi.HostBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Work in numbered pieces that any thread may do in any order; what a piece computes depends on its
 * number only.
 */
abstract class Task {
  private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

  private boolean confined;

  /** Does one piece, numbered from 0. */
  abstract void run(long piece);

  /** Returns a span's memory, and keeps the work on the calling thread if no other may touch it. */
  final MemorySegment open(Span span) {
    return open(HostBuffer.segment(span));
  }

  /** The same for memory that is no span's. */
  final MemorySegment open(MemorySegment segment) {
    confine(segment);
    return segment;
  }

  /** Keeps the work on the calling thread if no other may touch some memory. */
  final void confine(@Nullable MemorySegment segment) {
    confined |= segment != null && !segment.isAccessibleBy(STRANGER);
  }

  /** Tells whether only the calling thread may do the pieces. */
  final boolean isConfined() {
    return confined;
  }
}
