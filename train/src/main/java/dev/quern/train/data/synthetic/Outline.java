package dev.quern.train.data.synthetic;

import java.util.random.RandomGenerator;

/**
 * The wavy rim of a cell: distance from its centre as a function of the direction, a stretched and
 * turned circle with a few harmonics.
 *
 * @param radius mean distance, in pixels
 * @param stretch long axis over short axis, at least 1
 * @param turn direction of the long axis, in radians
 * @param wave relative height of the harmonics 3 and 5
 * @param phase of the harmonics, in radians
 */
record Outline(double radius, double stretch, double turn, double wave, double phase) {

  static Outline random(double radius, RandomGenerator random) {
    return new Outline(
        radius,
        SyntheticMicroscopy.between(random, 1, 1.6),
        SyntheticMicroscopy.between(random, 0, StrictMath.PI),
        SyntheticMicroscopy.between(random, 0, 0.08),
        SyntheticMicroscopy.between(random, 0, 2 * StrictMath.PI));
  }

  /** No point of the cell is farther from the centre than this, in pixels. */
  double reach() {
    return radius * stretch * (1 + 2 * wave);
  }

  /**
   * How far inside the rim a point lies.
   *
   * @param dx from the centre, in pixels
   * @param dy from the centre, in pixels
   * @return 0 at the centre, 1 on the rim, more outside
   */
  double depth(double dx, double dy) {
    double cos = StrictMath.cos(turn);
    double sin = StrictMath.sin(turn);
    double u = (dx * cos + dy * sin) / stretch;
    double v = -dx * sin + dy * cos;
    double angle = StrictMath.atan2(v, u);
    double rim =
        radius
            * (1
                + wave * StrictMath.cos(3 * angle + phase)
                + wave * StrictMath.cos(5 * angle + 2 * phase));
    return StrictMath.sqrt(u * u + v * v) / rim;
  }
}
