package dev.quern.simd;

/**
 * How a range of elements is cut into chunks. The cut depends on the number of elements only, never
 * on threads or vector width, because sums are f32 inside a chunk and f64 across.
 */
final class Chunks {
  /** Elements of a chunk: 16 KB of f32, so that two or three streams stay in an L1 cache. */
  static final int SIZE = 4096;

  /** The most elements that a tail is padded to. */
  static final int PAD = 64;

  /** With fewer chunks of elementwise work one thread is done before a second has begun. */
  static final int INLINE_BELOW = 16;

  private Chunks() {}

  /** Returns how many chunks so many elements make. */
  static long count(long elements) {
    return (elements + SIZE - 1) / SIZE;
  }

  /** Returns the first element of a chunk. */
  static long start(long chunk) {
    return chunk * SIZE;
  }

  /** Returns how many elements a chunk has: {@link #SIZE}, less for the last. */
  static int length(long chunk, long elements) {
    return (int) Math.min(SIZE, elements - start(chunk));
  }
}
