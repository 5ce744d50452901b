package dev.quern.bench.speed.compare;

import dev.quern.bench.speed.result.Quantiles;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How the time of a kernel changed, as a logarithm.
 *
 * @param value from the fastest process of the older build to that of the newer
 * @param error the standard error of that
 * @param least from the slowest process of the older build to the fastest of the newer
 * @param most from the fastest process of the older build to the slowest of the newer
 */
record Change(double value, double error, double least, double most) {

  /** The standard error of a median over that of a mean, of normal distributions. */
  private static final double OF_MEDIAN = Math.sqrt(Math.PI / 2);

  /** The change in one size, by the times of each build's processes. */
  static Change of(List<PacedTime> before, List<PacedTime> after) {
    PacedTime old = Collections.min(before);
    PacedTime recent = Collections.min(after);
    return new Change(
        recent.logarithm() - old.logarithm(),
        Math.hypot(recent.error(), old.error()),
        recent.logarithm() - Collections.max(before).logarithm(),
        Collections.max(after).logarithm() - old.logarithm());
  }

  /** The median over the sizes; to its error the steadiest of them contribute most. */
  static Change typical(Collection<Change> sizes) {
    double steadiness = sizes.stream().mapToDouble(size -> 1 / size.error).sum();
    return new Change(
        median(sizes, Change::value),
        OF_MEDIAN * Math.sqrt(sizes.size()) / steadiness,
        median(sizes, Change::least),
        median(sizes, Change::most));
  }

  private static double median(Collection<Change> sizes, ToDoubleFunction<Change> what) {
    return Quantiles.median(sizes.stream().map(what::applyAsDouble).toList());
  }
}
