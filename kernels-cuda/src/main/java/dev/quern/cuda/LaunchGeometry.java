package dev.quern.cuda;

/**
 * How work is cut: the constants of {@code prelude.cuh} and {@code matrix.cu}, and the block counts
 * that follow. They are the same on every device, because the order of sums depends on them.
 */
final class LaunchGeometry {
  /** The threads of a block. */
  static final int THREADS = 256;

  /** The elements of a block in kernels that map: four for each thread. */
  static final int TILE = 4 * THREADS;

  /** The elements of a block in kernels that reduce, and in those of the optimizer. */
  static final int CHUNK = 4 * TILE;

  /** The extent of K that one thread of a matrix product sums. */
  static final int MATRIX_BLOCK = 1024;

  private LaunchGeometry() {}

  /** Returns the number of blocks that map {@code n} elements. */
  static long tiles(long n) {
    return Math.ceilDiv(n, TILE);
  }

  /** Returns the number of blocks that reduce {@code n} elements. */
  static long chunks(long n) {
    return Math.ceilDiv(n, CHUNK);
  }

  /** Returns the number of blocks with one thread for each of {@code n}. */
  static long blocks(long n) {
    return Math.ceilDiv(n, THREADS);
  }
}
