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

/** Sums over whole operands and along an axis, and greatest elements. */
final class ReductionCases {

  /** Extents outside, along and inside of an axis. */
  private static final int[][] AXES = {
    {0, 3, 2},
    {2, 0, 3},
    {1, 1, 1},
    {5, 1, 7},
    {3, 2, 5},
    {7, 9, 1},
    {33, 17, 1},
    {1, 1009, 1},
    {3, 4099, 1},
    {1, 300, 3},
    {1, 4097, 16},
    {1, 1009, 33},
    {2, 255, 64},
    {5, 4, 1000},
    {1, 20_011, 1},
    {1, 9001, 8},
    {300, 5, 1}
  };

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
    for (int[] s : AXES) {
      int n = s[0] * s[1] * s[2];
      cases.add(sumAxis(s, "uniform", () -> Inputs.uniform(n, 1, n)));
      if (s[1] > 0) {
        cases.add(maxAxis(s, "uniform", () -> Inputs.uniform(n, 1, n)));
        cases.add(scatterAxis(s));
      }
    }
    // so many lines that a GPU sums several chunks of each in one thread
    int[] tall = {1, 257, 65_537};
    cases.add(sumAxis(tall, "uniform", () -> Inputs.uniform(257 * 65_537, 1, 257)));
    for (int[] s : new int[][] {{3, 50, 1}, {2, 40, 17}, {1, 300, 16}}) {
      int n = s[0] * s[1] * s[2];
      cases.add(sumAxis(s, "outliers", () -> Inputs.withOutliers(n, n)));
      cases.add(maxAxis(s, "specials", () -> Inputs.withSpecials(n, n)));
      cases.add(maxAxis(s, "many NaN", () -> withManyNan(n)));
      cases.add(maxAxis(s, "equal", () -> NormalizationCases.filled(n, -1)));
      float lowest = Float.NEGATIVE_INFINITY;
      cases.add(maxAxis(s, "lowest", () -> NormalizationCases.filled(n, lowest)));
    }
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            ReductionKernels.class,
            "sum",
            1,
            n -> sum(n + " uniform seed 1", n, () -> Inputs.uniform(n, 1, 1))),
        new Benchmark(
            ReductionKernels.class,
            "pixel totals",
            n -> 16 * pixels(n),
            n -> 16.0 * pixels(n),
            n ->
                sumAxis(
                    new int[] {1, pixels(n), 16},
                    "uniform",
                    () -> Inputs.uniform(16 * pixels(n), 1, 1)),
            null));
  }

  /** Of sixteen channels. */
  private static int pixels(int elements) {
    return Math.max(1, elements / 16);
  }

  private static float[] with(int n, int index, float special) {
    float[] values = Inputs.uniform(n, 1, n);
    values[index] = special;
    return values;
  }

  /** Every seventh is NaN: several in a line. */
  private static float[] withManyNan(int n) {
    float[] values = Inputs.uniform(n, 1, n);
    for (int i = 6; i < n; i += 7) {
      values[i] = Float.NaN;
    }
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

  private static KernelCase axisCase(
      String operation, int[] shape, String values, long bytes, KernelCase.Setup setup) {
    return new KernelCase(
        ReductionKernels.class,
        operation,
        "(%d, %d, %d) %s".formatted(shape[0], shape[1], shape[2], values),
        DType.F32,
        bytes,
        setup);
  }

  /** What is written is not counted, as of a sum of everything. */
  private static KernelCase sumAxis(int[] shape, String values, Supplier<float[]> elements) {
    int results = shape[0] * shape[2];
    return axisCase(
        "sum-axis",
        shape,
        values,
        4L * results * shape[1],
        bench -> {
          var kernels = bench.backend().kernels().reduction();
          Span x = bench.input("x", HostArray.of(elements.get()));
          Tolerance tolerance = Tolerance.reduction(shape[1], Math.sqrt(shape[1] / 3.0));
          Span out = bench.output("out", DType.F32, results, tolerance);
          Span scratch = bench.scratch(kernels.axisScratchBytes(shape[0], shape[1], shape[2]));
          return () -> kernels.sumAxis(shape[0], shape[1], shape[2], x, out, scratch);
        });
  }

  private static KernelCase maxAxis(int[] shape, String values, Supplier<float[]> elements) {
    int results = shape[0] * shape[2];
    return axisCase(
        "max-axis",
        shape,
        values,
        4L * results * shape[1] + 8L * results,
        bench -> {
          var kernels = bench.backend().kernels().reduction();
          Span x = bench.input("x", HostArray.of(elements.get()));
          Span out = bench.output("out", DType.F32, results, Tolerance.EXACT);
          Span places = bench.output("places", DType.I32, results, Tolerance.EXACT);
          return () -> kernels.maxAxis(shape[0], shape[1], shape[2], x, out, places);
        });
  }

  private static KernelCase scatterAxis(int[] shape) {
    int results = shape[0] * shape[2];
    return axisCase(
        "scatter-axis",
        shape,
        "specials",
        4L * results * shape[1] + 8L * results,
        bench -> {
          var kernels = bench.backend().kernels().reduction();
          int[] drawn = new int[results];
          for (int i = 0; i < results; i++) {
            drawn[i] = (int) (i * 7L % shape[1]);
          }
          Span values = bench.input("values", HostArray.of(Inputs.withSpecials(results, results)));
          Span places = bench.input("places", HostArray.of(drawn));
          Span out = bench.output("out", DType.F32, results * shape[1], Tolerance.EXACT);
          return () -> kernels.scatterAxis(shape[0], shape[1], shape[2], values, places, out);
        });
  }
}
