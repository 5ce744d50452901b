package dev.quern.bench.kernels;

import java.util.List;

/** Numbers of elements, chosen by what they leave over. */
public final class Sizes {

  /**
   * None, one, the vector widths and one more or less, primes, a tile of 4096 and one more or less.
   */
  public static final List<Integer> ELEMENTWISE =
      List.of(0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 127, 1009, 4095, 4096, 4097);

  /** Those of {@link #ELEMENTWISE}, and sizes over several chunks and blocks of every backend. */
  public static final List<Integer> REDUCED =
      List.of(0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 127, 1009, 4095, 4096, 4097, 65_537, 300_007);

  private Sizes() {}
}
