package dev.quern.bench.speed.result;

import java.util.List;

/** Quantiles of small samples, by linear interpolation between the ordered values. */
public final class Quantiles {

  /** The share of the values below the lower quartile. */
  public static final double LOWER_QUARTILE = 0.25;

  private Quantiles() {}

  /**
   * {@return the middle value}
   *
   * @param values at least one
   */
  public static double median(List<Double> values) {
    return of(values, 0.5);
  }

  /**
   * {@return the value that a quarter of all lie below}
   *
   * @param values at least one
   */
  public static double lowerQuartile(List<Double> values) {
    return of(values, LOWER_QUARTILE);
  }

  /**
   * {@return a quantile}
   *
   * @param values at least one
   * @param share between 0, the least, and 1, the largest
   */
  public static double of(List<Double> values, double share) {
    List<Double> sorted = values.stream().sorted().toList();
    double position = share * (sorted.size() - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.size() - 1);
    double rest = position - below;
    return sorted.get(below) * (1 - rest) + sorted.get(above) * rest;
  }
}
