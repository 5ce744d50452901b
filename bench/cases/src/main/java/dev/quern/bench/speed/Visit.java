package dev.quern.bench.speed;

import java.util.List;

/**
 * A measurement taken at one time, with the device's pace just then.
 *
 * @param nanos the time of a call, one entry a sample, in the order they were taken
 * @param copyGbs the bandwidth of a plain copy about then, in GB/s
 * @param fmaGflops the rate of chains of fma about then, in GFLOP/s
 */
public record Visit(List<Double> nanos, double copyGbs, double fmaGflops) {

  /** Copies the list. */
  public Visit {
    nanos = List.copyOf(nanos);
  }

  /** {@return the median of the samples, in nanoseconds} */
  public double median() {
    return Quantiles.median(nanos);
  }
}
