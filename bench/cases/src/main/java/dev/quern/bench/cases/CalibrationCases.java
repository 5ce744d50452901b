package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.CalibrationKernels;
import java.util.ArrayList;
import java.util.List;

/** Chains of fma, equal to the bit everywhere. */
final class CalibrationCases {

  /** Long enough that an element costs 50 times as much arithmetic as memory. */
  private static final int TIMED_LENGTH = 256;

  private CalibrationCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int n : Sizes.ELEMENTWISE) {
      cases.add(fmaChains(n, 7));
    }
    cases.add(fmaChains(1009, 0));
    cases.add(fmaChains(1009, 1));
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            CalibrationKernels.class,
            "fma chains",
            2 * TIMED_LENGTH,
            n -> fmaChains(n, TIMED_LENGTH)));
  }

  private static KernelCase fmaChains(int n, int length) {
    return new KernelCase(
        CalibrationKernels.class,
        "fma-chains",
        n + " of length " + length,
        DType.F32,
        8L * n,
        bench -> {
          Span data = bench.inout("data", HostArray.of(Inputs.withSpecials(n, n)), Tolerance.EXACT);
          return () -> bench.backend().kernels().calibration().fmaChains(data, length);
        });
  }
}
