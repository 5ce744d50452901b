package dev.quern.bench.speed;

import java.util.List;

/**
 * A measurement taken at one time, with the device's pace just then.
 *
 * @param nanos the time of a call, one entry a sample, in the order they were taken
 * @param fmaGflops the rate of chains of fma before and after, in GFLOP/s
 */
public record Visit(List<Double> nanos, double fmaGflops) {

  /** Copies the list. */
  public Visit {
    nanos = List.copyOf(nanos);
  }

  /** {@return the shortest sample, in nanoseconds} */
  double shortest() {
    return Quantiles.of(nanos, 0);
  }

  /** {@return the median of the samples, in nanoseconds} */
  public double median() {
    return Quantiles.median(nanos);
  }
}
