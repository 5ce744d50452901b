package dev.quern.bench.definition;

import java.util.Arrays;

/** The derivatives of a loss with respect to one pixel's inputs. */
final class Slopes {
  final double[] g;

  /** How far another order of errors that rounding cannot tell apart moves each. */
  final double[] spread;

  /**
   * The largest derivative with respect to a probability: what a subnormal one is multiplied by.
   */
  double steepest;

  Slopes(int size) {
    this.g = new double[size];
    this.spread = new double[size];
  }

  void clear() {
    Arrays.fill(g, 0);
    Arrays.fill(spread, 0);
    steepest = 0;
  }

  void add(double factor, Slopes other) {
    for (int c = 0; c < g.length; c++) {
      g[c] += factor * other.g[c];
      spread[c] += Math.abs(factor) * other.spread[c];
    }
    steepest += Math.abs(factor) * other.steepest;
  }

  /** Adds a difference of two terms. */
  void addDifference(int c, double factor, double plus, double minus) {
    g[c] += factor * (plus - minus);
    steep(factor);
  }

  void steep(double slope) {
    steepest = Math.max(steepest, Math.abs(slope));
  }
}
