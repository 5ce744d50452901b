package dev.quern.bench.speed.compare;

import dev.quern.bench.speed.compare.Comparison.Verdict;
import dev.quern.bench.speed.result.Quantiles;
import java.util.List;

/**
 * When a change of a kernel counts as one, going by the changes of all kernels of the device.
 *
 * @param drift what two builds differ in as a whole, as a logarithm: no kernel's change
 * @param scatter the robust standard deviation of all kernels' changes
 */
record Rule(double drift, double scatter) {

  /** A change below this is none: 8 %. */
  static final double LEAST_CHANGE = Math.log(1.08);

  /** How far two builds may differ as a whole without that being a change: 10 %. */
  static final double LARGEST_DRIFT = Math.log(1.10);

  /** Robust standard deviations of all kernels' changes that are taken for chance. */
  private static final double DEVIATIONS = 3.5;

  /** Standard errors of a kernel's own change that are taken for chance. */
  private static final double ERRORS = 3;

  /** From the median absolute deviation to the standard deviation of a normal distribution. */
  private static final double NORMAL = 1.4826;

  /** Fewer kernels than this say nothing of the runs as a whole. */
  private static final int FEWEST_KERNELS = 5;

  /** Slower by this must not go unnoticed: beyond, the noise is too much to tell. */
  private static final double MOST_NOISE = Math.log(1.2);

  /** Noise beyond that has no normal distribution: only what is this many times as much counts. */
  private static final double TOWERING = 3;

  /** The rule for the kernels of a device, at least one. */
  static Rule of(List<Change> kernels) {
    if (kernels.size() < FEWEST_KERNELS) {
      return new Rule(0, 0);
    }
    List<Double> values = kernels.stream().map(Change::value).toList();
    double middle = Quantiles.median(values);
    List<Double> deviations = values.stream().map(v -> Math.abs(v - middle)).toList();
    return new Rule(
        Math.clamp(middle, -LARGEST_DRIFT, LARGEST_DRIFT), NORMAL * Quantiles.median(deviations));
  }

  /** What the change of a kernel may be by chance, as a logarithm; at least the least change. */
  double noise(Change kernel) {
    return Math.max(LEAST_CHANGE, Math.max(ERRORS * kernel.error(), DEVIATIONS * scatter));
  }

  /** What became of a kernel. */
  Verdict verdict(Change kernel) {
    double change = kernel.value() - drift;
    double noise = noise(kernel);
    if (Math.abs(change) > (noise > MOST_NOISE ? TOWERING * noise : noise)) {
      // the fastest processes may have been lucky, or those of the other build unlucky
      if (change > 0) {
        return kernel.least() - drift > LEAST_CHANGE ? Verdict.SLOWER : Verdict.UNCLEAR;
      }
      return kernel.most() - drift < -LEAST_CHANGE ? Verdict.FASTER : Verdict.UNCLEAR;
    }
    boolean quiet = Math.abs(change) <= LEAST_CHANGE && noise <= MOST_NOISE;
    return quiet ? Verdict.SAME : Verdict.UNCLEAR;
  }
}
