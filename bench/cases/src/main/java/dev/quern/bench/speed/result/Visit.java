package dev.quern.bench.speed.result;

import java.util.List;

/**
 * The time of a call, taken some times in a row, with the device's pace just then.
 *
 * @param nanos the time of a call, one entry a sample, in the order they were taken
 * @param fmaGflops the rate of chains of fma before and after, in GFLOP/s
 */
public record Visit(List<Double> nanos, double fmaGflops) {

  /** Copies the list. */
  public Visit {
    nanos = List.copyOf(nanos);
  }

  /** {@return the median of the samples, in nanoseconds} */
  public double median() {
    return Quantiles.median(nanos);
  }
}
