package dev.quern.bench.golden;

/** Widens what an engine gives, to compare it with float64. */
final class Doubles {

  private Doubles() {}

  static double[] of(float[] floats) {
    double[] doubles = new double[floats.length];
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }
}
