package dev.quern.bench.selftest;

import dev.quern.bench.kernels.KernelCase;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;

/** Which cases of a suite are run. */
enum Selection {
  /** All. */
  ALL,

  /** Few that stand for all, by rule. */
  SAMPLE;

  /** A prime, so that from a product of options every option comes in turn. */
  private static final int STRIDE = 11;

  /** At least so many, or all, are chosen of a small suite. */
  private static final int LEAST = 32;

  /** {@return the chosen ones: of a sample every eleventh, more of a small suite} */
  <T> List<T> of(List<T> cases) {
    if (this == ALL) {
      return cases;
    }
    int stride = Math.clamp(cases.size() / LEAST, 1, STRIDE);
    return IntStream.range(0, cases.size())
        .filter(i -> i % stride == stride / 2)
        .mapToObj(cases::get)
        .toList();
  }

  /**
   * {@return the chosen cases of a family: of a sample the same in the order of their sizes, and
   * the smallest of each operation that is not empty}
   */
  List<KernelCase> ofFamily(List<KernelCase> cases) {
    if (this == ALL) {
      return cases;
    }
    Comparator<KernelCase> size = Comparator.comparingLong(KernelCase::bytes);
    List<KernelCase> sorted = cases.stream().sorted(size).toList();
    var chosen = new ArrayList<>(of(sorted));
    var operations = new HashSet<String>();
    sorted.stream()
        .filter(next -> next.bytes() > 0)
        .filter(next -> operations.add(next.operation()) && !chosen.contains(next))
        .forEach(chosen::add);
    return chosen;
  }
}
