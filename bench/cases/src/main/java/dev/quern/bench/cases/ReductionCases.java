package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.ReductionKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** Sums over whole operands. */
final class ReductionCases {

  private ReductionCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int n : Sizes.REDUCED) {
      cases.add(sum(n + " uniform seed " + n, Inputs.uniform(n, 1, n)));
      cases.add(sum(n + " positive seed " + n, Inputs.unit(n, n)));
    }
    float[] cancelling = Inputs.uniform(10_007, 1, 11);
    cancelling[17] = 1e8f;
    cancelling[9_999] = -1e8f;
    cases.add(sum("10007 cancelling seed 11", cancelling));
    cases.add(sum("1009 with NaN", with(1009, 1000, Float.NaN)));
    cases.add(sum("1009 with infinity", with(1009, 3, Float.NEGATIVE_INFINITY)));
    float[] both = with(1009, 3, Float.NEGATIVE_INFINITY);
    both[700] = Float.POSITIVE_INFINITY;
    cases.add(sum("1009 with both infinities", both));
    float[] overflow = new float[1009];
    Arrays.fill(overflow, 1e38f);
    cases.add(sum("1009 overflowing", overflow));
    cases.add(sum("4194311 uniform seed 12", Inputs.uniform(4_194_311, 1, 12)));
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            ReductionKernels.class,
            "sum",
            1,
            n -> sum(n + " uniform seed 1", n, () -> Inputs.uniform(n, 1, 1))));
  }

  private static float[] with(int n, int index, float special) {
    float[] values = Inputs.uniform(n, 1, n);
    values[index] = special;
    return values;
  }

  private static KernelCase sum(String operands, float[] values) {
    return sum(operands, values.length, () -> values);
  }

  private static KernelCase sum(String operands, int length, Supplier<float[]> elements) {
    return new KernelCase(
        ReductionKernels.class,
        "sum",
        operands,
        DType.F32,
        4L * length,
        bench -> {
          float[] values = elements.get();
          var kernels = bench.backend().kernels().reduction();
          Span x = bench.input("x", HostArray.of(values));
          Span out =
              bench.output(
                  "out", DType.F32, 1, Tolerance.reduction(values.length, Inputs.norm(values)));
          Span scratch = bench.scratch(kernels.scratchBytes(values.length));
          return () -> kernels.sum(x, out, scratch);
        });
  }
}
