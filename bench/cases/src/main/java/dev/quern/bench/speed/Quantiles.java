package dev.quern.bench.speed;

import java.util.List;

/** Quantiles of small samples, by linear interpolation between the ordered values. */
final class Quantiles {

  private Quantiles() {}

  /** The middle value. */
  static double median(List<Double> values) {
    return of(values, 0.5);
  }

  /**
   * A quantile.
   *
   * @param values at least one
   * @param share between 0, the least, and 1, the largest
   */
  static double of(List<Double> values, double share) {
    List<Double> sorted = values.stream().sorted().toList();
    double position = share * (sorted.size() - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.size() - 1);
    double rest = position - below;
    return sorted.get(below) * (1 - rest) + sorted.get(above) * rest;
  }
}
