package dev.quern.bench.speed;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.spi.Kernels;
import java.util.List;
import java.util.Locale;

/**
 * What to measure.
 *
 * @param backends devices that must be here, such as {@code simd} or {@code opencl:1}; none for all
 *     that are there
 * @param cases parts of benchmark or family names; none for all benchmarks
 * @param sizes numbers of elements, none for the usual sweep
 * @param dtypes dtypes of the data argument, none for all
 * @param quick whether to be done within a minute, with fewer sizes and less time for each
 */
public record SpeedOptions(
    List<String> backends,
    List<String> cases,
    List<Integer> sizes,
    List<DType> dtypes,
    boolean quick) {

  private static final List<Integer> SWEEP =
      List.of(1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26);

  private static final List<Integer> QUICK_SWEEP = List.of(1 << 10, 1 << 14, 1 << 17, 1 << 20);

  /** Fills in the sweep and copies the lists. */
  public SpeedOptions {
    backends = List.copyOf(backends);
    cases = List.copyOf(cases);
    sizes =
        sizes.isEmpty()
            ? (quick ? QUICK_SWEEP : SWEEP)
            : sizes.stream().distinct().sorted().toList();
    dtypes = List.copyOf(dtypes);
    if (sizes.getFirst() < 1) {
      throw new IllegalArgumentException(
          "A size is a number of elements, at least 1, got " + sizes.getFirst() + ".");
    }
  }

  /** Whether a benchmark was asked for. */
  boolean wants(Benchmark benchmark) {
    String family = Kernels.name(benchmark.family());
    boolean named =
        cases.isEmpty()
            || cases.stream()
                .map(part -> part.toLowerCase(Locale.ROOT))
                .anyMatch(part -> benchmark.name().contains(part) || family.contains(part));
    return named && (dtypes.isEmpty() || dtypes.contains(benchmark.at().apply(1 << 10).dtype()));
  }
}
