package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.RandomKernels;
import java.util.ArrayList;
import java.util.List;

/** Philox uniforms: the same bits everywhere, wherever in the sequence a call begins. */
final class RandomCases {

  private RandomCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    var stream = new PhiloxStream(0x0123_4567_89ab_cdefL, 3, 5, 7);
    for (int n : Sizes.ELEMENTWISE) {
      for (long first : new long[] {0, 1, 2, 3, 4, 1001}) {
        cases.add(uniform(stream, first, n));
      }
    }
    cases.add(uniform(stream, (1L << 34) - 1009, 1009));
    cases.add(uniform(stream, (1L << 32) - 5, 33));
    cases.add(uniform(new PhiloxStream(-1, -1, -1, -1), 0, 127));
    cases.add(uniform(new PhiloxStream(0, 0, 0, 0), 0, 127));
    cases.add(uniform(stream, 0, 300_007));
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            RandomKernels.class, "uniform", 24, n -> uniform(new PhiloxStream(1, 0, 0, 0), 0, n)));
  }

  private static KernelCase uniform(PhiloxStream stream, long first, int n) {
    return new KernelCase(
        RandomKernels.class,
        "uniform",
        n + " from " + first + " seed " + Long.toHexString(stream.seed()),
        DType.F32,
        4L * n,
        bench -> {
          Span out = bench.output("out", DType.F32, n, Tolerance.EXACT);
          return () -> bench.backend().kernels().random().uniform(stream, first, out);
        });
  }
}
