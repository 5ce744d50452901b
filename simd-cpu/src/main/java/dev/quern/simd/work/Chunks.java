package dev.quern.simd.work;

/**
 * How a range of elements is cut into chunks. The cut depends on the number of elements only, never
 * on threads or vector width, because sums are f32 inside a chunk and f64 across.
 */
public final class Chunks {
  /** Elements of a chunk: 16 KB of f32, so that two or three streams stay in an L1 cache. */
  public static final int SIZE = 4096;

  /** The most elements that a tail is padded to. */
  public static final int PAD = 64;

  /** With fewer chunks of elementwise work one thread is done before a second has begun. */
  public static final int INLINE_BELOW = 16;

  private Chunks() {}

  /** Returns how many chunks so many elements make. */
  public static long count(long elements) {
    return (elements + SIZE - 1) / SIZE;
  }

  /** Returns the first element of a chunk. */
  public static long start(long chunk) {
    return chunk * SIZE;
  }

  /** Returns how many elements a chunk has: {@link #SIZE}, less for the last. */
  public static int length(long chunk, long elements) {
    return (int) Math.min(SIZE, elements - start(chunk));
  }
}
