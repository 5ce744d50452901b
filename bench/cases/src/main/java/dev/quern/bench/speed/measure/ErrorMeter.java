package dev.quern.bench.speed.measure;

import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.bench.kernels.Workbench.Result;
import dev.quern.bench.speed.result.ParityRow;
import dev.quern.spi.Backend;
import java.util.List;
import java.util.Set;

/** Measures how far a device's results lie from those of the reference backend. */
public final class ErrorMeter {

  /** Policies that judge an element by itself; the others go by the largest element. */
  private static final Set<Tolerance> BY_ELEMENT = Set.of(Tolerance.EXACT, Tolerance.ELEMENTWISE);

  private double ulps;
  private double ofAllowed;

  private ErrorMeter() {}

  /**
   * {@return the largest error of a device's results}
   *
   * @param benchmark the benchmark's name
   * @param kernelCase what both compute
   * @param elements in how many elements
   * @param reference whose results count as true
   * @param tested the device's kernels
   */
  public static ParityRow compare(
      String benchmark, KernelCase kernelCase, long elements, Backend reference, Backend tested) {
    List<Result> expected = results(kernelCase, reference);
    List<Result> actual = results(kernelCase, tested);
    var meter = new ErrorMeter();
    for (int i = 0; i < expected.size(); i++) {
      meter.add(
          expected.get(i).tolerance(),
          expected.get(i).values().doubles(),
          actual.get(i).values().doubles());
    }
    return new ParityRow(tested.device().id(), benchmark, elements, meter.ulps, meter.ofAllowed);
  }

  private static List<Result> results(KernelCase kernelCase, Backend backend) {
    try (var bench = new Workbench(backend, Fill.ONES)) {
      kernelCase.setup().on(bench).run();
      return bench.results();
    }
  }

  private void add(Tolerance tolerance, double[] expected, double[] actual) {
    double largest = 0;
    for (double e : expected) {
      largest = Double.isFinite(e) ? Math.max(largest, Math.abs(e)) : largest;
    }
    for (int i = 0; i < expected.length; i++) {
      double e = expected[i];
      double a = actual[i];
      if (e == a || (Double.isNaN(e) && Double.isNaN(a))) {
        continue;
      }
      double error = Double.isFinite(e) && Double.isFinite(a) ? Math.abs(a - e) : 1e300;
      double unit = Math.ulp((float) (BY_ELEMENT.contains(tolerance) ? e : largest));
      ulps = Math.max(ulps, error / unit);
      ofAllowed = Math.max(ofAllowed, error / Math.max(tolerance.bound().at(e, largest), 1e-300));
    }
  }
}
