package dev.quern.bench.speed.compare;

import static dev.quern.bench.speed.result.Quantiles.LOWER_QUARTILE;

import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.Quantiles;
import java.util.List;

/**
 * The time of a call in one process, in the device's own pace: each visit's median times the rate
 * of fma chains around it, and of the visits the lower quartile.
 *
 * @param logarithm of that
 * @param error the standard error of the logarithm, going by how the visits scatter; above 0
 */
record PacedTime(double logarithm, double error) implements Comparable<PacedTime> {

  /** The clock's resolution leaves at least this. */
  private static final double LEAST_ERROR = 1e-4;

  /** A single visit tells nothing of its error. */
  private static final double UNKNOWN = Math.log(2);

  static PacedTime of(Measurement measurement) {
    List<Double> visits =
        measurement.visits().stream()
            .map(visit -> Math.log(visit.median() * visit.fmaGflops()))
            .toList();
    double middle = Quantiles.lowerQuartile(visits);
    if (visits.size() == 1) {
      return new PacedTime(middle, UNKNOWN);
    }
    // of how many visits lie below the quartile one standard deviation, as a share of all
    double share = Math.sqrt(LOWER_QUARTILE * (1 - LOWER_QUARTILE) / visits.size());
    double below = Quantiles.of(visits, Math.max(0, LOWER_QUARTILE - share));
    double above = Quantiles.of(visits, Math.min(1, LOWER_QUARTILE + share));
    return new PacedTime(middle, Math.max(LEAST_ERROR, (above - below) / 2));
  }

  /** The faster first. */
  @Override
  public int compareTo(PacedTime other) {
    return Double.compare(logarithm, other.logarithm);
  }
}
