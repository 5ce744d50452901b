package dev.quern.bench.random;

/** Draws logits and probabilities. */
final class Values {
  private static final double[] EXTREMES = {
    0, -0.0, 16, -16, 20, -20, 88, -88, 104, -104, 1e4, -1e4, 3.4e38, -3.4e38, 1e-40, -1e-40, 1e-45,
    17.5
  };
  private static final double[] PROBABILITIES = {
    0, 1, 1e-45, 1e-38, 1e-12, 1e-7, 1 - 0x1p-24, 1 - 0x1p-23, 0.5, 0x1p-24
  };

  /** What the values of a case are like. */
  enum Style {
    ORDINARY,
    WIDE,
    SURE,
    EXTREME,
    INFINITE,
    NAN
  }

  private Values() {}

  static Style style(Draw draw) {
    int n = draw.below(100);
    return n < 45
        ? Style.ORDINARY
        : n < 60
            ? Style.WIDE
            : n < 72 ? Style.SURE : n < 92 ? Style.EXTREME : n < 97 ? Style.INFINITE : Style.NAN;
  }

  /**
   * Draws a logit.
   *
   * @param toward 1 if the target is 1, -1 if it is 0: sure logits are mostly right
   * @param margin of sure logits
   */
  static float logit(Draw draw, Style style, int toward, double margin) {
    return (float)
        switch (style) {
          case ORDINARY -> 2 * draw.normal();
          case WIDE -> 12 * draw.normal();
          case SURE -> (draw.chance(0.02) ? -1 : 1) * toward * (margin + 0.1 * draw.normal());
          case EXTREME -> draw.chance(0.5) ? 3 * draw.normal() : draw.of(EXTREMES);
          case INFINITE ->
              draw.chance(0.8)
                  ? 3 * draw.normal()
                  : (draw.chance(0.3) ? -1 : 1) * toward * Double.POSITIVE_INFINITY;
          case NAN -> draw.chance(0.9) ? 3 * draw.normal() : Double.NaN;
        };
  }

  /** Draws a probability. */
  static float probability(Draw draw, Style style, int toward) {
    return (float)
        switch (style) {
          case ORDINARY, WIDE -> draw.uniform(0, 1);
          case SURE, INFINITE ->
              toward > 0 ? 1 - 1e-4 * draw.uniform(0, 1) : 1e-4 * draw.uniform(0, 1);
          case EXTREME -> draw.chance(0.5) ? draw.uniform(0, 1) : draw.of(PROBABILITIES);
          case NAN -> draw.chance(0.9) ? draw.uniform(0, 1) : Double.NaN;
        };
  }

  /** Draws a soft target. */
  static float share(Draw draw) {
    return (float) (draw.chance(0.3) ? draw.below(2) : draw.uniform(0, 1));
  }
}
