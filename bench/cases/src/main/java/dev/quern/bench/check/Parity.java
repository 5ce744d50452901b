package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.bench.kernels.Workbench.Result;
import dev.quern.spi.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Checks that a backend computes what the reference computes: within the policy of each result,
 * with NaN in the same places, without touching what lies before, behind or among its inputs, and
 * with the same bits when it runs again with other junk in results and scratch memory.
 */
public final class Parity {
  /**
   * {@code -Dquern.selftest.maxElements=N} leaves out kernel cases that move more than N elements
   * of 4 bytes, for devices that are simulated or watched.
   */
  public static final long MAX_ELEMENTS =
      Long.getLong("quern.selftest.maxElements", Long.MAX_VALUE);

  private final Backend reference;
  private final Backend tested;

  public Parity(Backend reference, Backend tested) {
    this.reference = reference;
    this.tested = tested;
  }

  /**
   * What a case gave.
   *
   * @param failure what did not hold, or empty
   * @param results what the tested backend computed
   */
  public record Outcome(Optional<String> failure, List<Result> results) {}

  public Outcome check(KernelCase kernelCase) {
    List<Result> expected = run(kernelCase, reference, Fill.ONES);
    List<Result> first = run(kernelCase, tested, Fill.ONES);
    List<Result> second = run(kernelCase, tested, Fill.DIGITS);
    return new Outcome(compare(expected, first, second), first);
  }

  /**
   * What two runs of a case differ in from what is expected, and from each other in bits, or empty.
   */
  public static Optional<String> compare(
      List<Result> expected, List<Result> first, List<Result> second) {
    var failures = new ArrayList<String>();
    for (int i = 0; i < expected.size(); i++) {
      Result e = expected.get(i);
      Result a = first.get(i);
      if (!a.values().sameBits(second.get(i).values())) {
        failures.add(a.name() + " has other bits when the case runs again");
      }
      Optional<String> wrong =
          e.tolerance().compare(e.name(), e.values().doubles(), a.values().doubles());
      wrong.ifPresent(failures::add);
      // a double does not hold all that an I64 or the bits of an F16 can differ in
      boolean isExact = e.tolerance().equals(Tolerance.EXACT) && e.values().dtype() != DType.F32;
      if (wrong.isEmpty() && isExact && !a.values().sameBits(e.values())) {
        failures.add(a.name() + " has other bits than the reference");
      }
    }
    return failures.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", failures));
  }

  private static List<Result> run(KernelCase kernelCase, Backend backend, Fill fill) {
    try (var bench = new Workbench(backend, fill)) {
      kernelCase.setup().on(bench).run();
      return bench.results();
    }
  }
}
