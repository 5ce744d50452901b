package dev.quern.simd.convolution;

import static dev.quern.simd.math.VectorMath.LANES;

/**
 * How the outputs of a group are cut into panels of whole vectors, the last filled up with zeros:
 * as wide as the tiles of this machine are, without a lone last vector where that can be helped.
 */
final class Panels {
  /** Whether the tiles are those for 32 registers of 16 lanes. */
  static final boolean WIDE = LANES == 16;

  /** The tiles write results in multiples of so many pixels. */
  static final int PIXELS = WIDE ? 8 : 6;

  /** Weights of a panel at most, 512 KB, so that it stays in the second cache. */
  private static final long WEIGHTS = 128 << 10;

  private Panels() {}

  /** The outputs of a group filled up to whole vectors. */
  static int padded(int outputs) {
    return (outputs + LANES - 1) / LANES * LANES;
  }

  /**
   * The vectors of a panel.
   *
   * @param outputsLeft the outputs from its first on
   * @param taps weights of each output
   */
  static int vectors(int outputsLeft, int taps) {
    int left = padded(outputsLeft) / LANES;
    int most = WIDE ? Math.clamp(WEIGHTS / ((long) taps * LANES), 1, 4) : 2;
    return most == 4 && (left == 5 || left == 6) ? 3 : Math.min(left, most);
  }
}
