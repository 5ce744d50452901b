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

  private Panels() {}

  /** The outputs of a group filled up to whole vectors. */
  static int padded(int outputs) {
    return (outputs + LANES - 1) / LANES * LANES;
  }

  /** The vectors of the panel that begins where so many are left. */
  static int vectors(int outputsLeft) {
    int left = (outputsLeft + LANES - 1) / LANES;
    if (!WIDE) {
      return Math.min(left, 2);
    }
    return left == 5 || left == 6 ? 3 : Math.min(left, 4);
  }
}
