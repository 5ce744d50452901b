package dev.quern.bench.cases;

import static dev.quern.bench.cases.NormalizationCases.far;
import static dev.quern.bench.cases.NormalizationCases.filled;
import static dev.quern.bench.cases.NormalizationCases.kernelCase;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.NormalizationKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Batch normalization: channels around vector widths, pixels around blocks, data far from 0,
 * constant, of one pixel.
 */
final class BatchNormCases {
  private static final BatchNormSpec TRAINING = new BatchNormSpec(1e-5f, true, false);

  private static final int[][] SHAPES = {
    {0, 3},
    {1, 1},
    {1, 5},
    {2, 1},
    {3, 2},
    {7, 3},
    {5, 4},
    {9, 7},
    {16, 8},
    {15, 12},
    {17, 15},
    {31, 16},
    {33, 17},
    {7, 31},
    {64, 32},
    {13, 33},
    {255, 16},
    {256, 3},
    {257, 8},
    {1000, 1},
    {513, 24},
    {100, 64},
    {40, 96},
    {4099, 5},
    {5003, 16}
  };

  private BatchNormCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    int number = 0;
    for (int[] s : SHAPES) {
      int n = s[0] * s[1];
      cases.add(statistics(s[0], s[1], "uniform", () -> Inputs.uniform(n, 1, n)));
      cases.add(chain(s[0], s[1], "far from 0", () -> far(n, 1000, 0.01f)));
      for (int kind = 0; kind < 2; kind++) {
        var spec = new BatchNormSpec(1e-3f, (number / 2) % 2 == 0, kind == 1);
        cases.add(forward(s[0], s[1], spec, kind == 0 && number % 3 == 0, false));
        cases.add(backward(s[0], s[1], spec, number % 3 == 1, ""));
        number++;
      }
    }
    cases.add(chain(1009, 3, "far below 0", () -> far(3027, -1e4f, 1)));
    cases.add(chain(300, 5, "constant", () -> filled(1500, 0.7f)));
    cases.add(chain(1, 7, "one pixel", () -> Inputs.uniform(7, 5, 1)));
    cases.add(normalized(90, 7, "outliers", () -> Inputs.withOutliers(630, 1)));
    cases.add(normalized(90, 48, "outliers", () -> Inputs.withOutliers(90 * 48, 1)));
    for (int kind = 0; kind < 4; kind++) {
      var spec = new BatchNormSpec(1e-5f, kind % 2 == 0, kind > 1);
      cases.add(forward(50, 17, spec, false, true));
      cases.add(backward(50, 17, spec, false, "NaN in x"));
      cases.add(backward(50, 17, spec, false, "NaN in gradient"));
    }
    for (int channels : new int[] {1, 3, 16, 33}) {
      cases.add(constants(channels));
      cases.add(track(1, channels));
      cases.add(track(100, channels));
    }
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        benchmark(
            "batch norm statistics",
            4,
            n -> statistics(n, 16, "uniform", () -> Inputs.uniform(16 * n, 1, 1))),
        benchmark("batch norm", 5, n -> forward(n, 16, TRAINING, false, false)),
        benchmark("batch norm backward", 12, n -> backward(n, 16, TRAINING, false, "")));
  }

  /** Sixteen channels of about as many elements as are asked for. */
  private static Benchmark benchmark(
      String name, double operationsPerElement, IntFunction<KernelCase> at) {
    return new Benchmark(
        NormalizationKernels.class,
        name,
        n -> 16 * Math.max(1, n / 16),
        n -> 16 * Math.max(1, n / 16) * operationsPerElement,
        n -> at.apply(Math.max(1, n / 16)),
        null);
  }

  private static BatchNormPlan plan(Workbench bench, BatchNormSpec spec) {
    return bench.backend().kernels().normalization().prepare(spec);
  }

  private static String shape(int pixels, int channels, String values) {
    return "(%d, %d) %s".formatted(pixels, channels, values);
  }

  /** Of data whose mean is near 0: what the mean's rounding leaves is below the bound then. */
  private static KernelCase statistics(
      int pixels, int channels, String values, Supplier<float[]> elements) {
    return kernelCase(
        "batch norm statistics",
        shape(pixels, channels, values),
        (long) pixels * channels,
        bench -> {
          var plan = plan(bench, TRAINING);
          Span x = bench.input("x", HostArray.of(elements.get()));
          Span statistics = bench.output("statistics", DType.F32, 4 * channels, Tolerance.MOMENT);
          Span scratch = bench.scratch(plan.scratchBytes(pixels, channels));
          return () -> plan.statistics(pixels, channels, x, statistics, scratch);
        });
  }

  /**
   * Statistics and what comes of them: normalized data of deviation 1, and the statistics as the
   * running ones get them. They themselves are not compared: a mean in the middle between two
   * floats may be rounded either way, and what that leaves has the other sign.
   */
  private static KernelCase chain(
      int pixels, int channels, String values, Supplier<float[]> elements) {
    return following(
        "batch norm with statistics",
        pixels,
        channels,
        values,
        elements,
        bench -> {
          var plan = plan(bench, TRAINING);
          HostArray zeros = HostArray.zeros(DType.F32, channels);
          Span mean = bench.inout("running mean", zeros, Tolerance.SCALAR);
          Span variance = bench.inout("running variance", zeros, Tolerance.SCALAR);
          Span batches = bench.inout("batches", HostArray.of(6L), Tolerance.EXACT);
          return statistics -> plan.track(pixels, channels, 1, statistics, mean, variance, batches);
        });
  }

  /** The same without running statistics, for data that is not finite. */
  private static KernelCase normalized(
      int pixels, int channels, String values, Supplier<float[]> elements) {
    return following(
        "batch norm with statistics", pixels, channels, values, elements, _ -> _ -> {});
  }

  /** What is done with statistics. */
  private interface Use {
    void of(Span statistics);
  }

  private static KernelCase following(
      String operation,
      int pixels,
      int channels,
      String values,
      Supplier<float[]> elements,
      Function<Workbench, Use> use) {
    int n = pixels * channels;
    return kernelCase(
        operation,
        shape(pixels, channels, values),
        2L * n,
        bench -> {
          var plan = plan(bench, TRAINING);
          Span x = bench.input("x", HostArray.of(elements.get()));
          Span ones = bench.input("weight", HostArray.of(filled(channels, 1)));
          Span zeros = bench.input("bias", HostArray.zeros(DType.F32, channels));
          Span out = bench.output("out", DType.F32, n, Tolerance.NORMALIZED);
          Span memory = bench.scratch(16L * channels);
          Span statistics =
              new Span(memory.buffer(), DType.F32, memory.offset() / 4, 4L * channels);
          Span scratch = bench.scratch(plan.scratchBytes(pixels, channels));
          Use then = use.apply(bench);
          return () -> {
            plan.statistics(pixels, channels, x, statistics, scratch);
            plan.forward(pixels, channels, x, statistics, ones, zeros, out);
            then.of(statistics);
          };
        });
  }

  private static KernelCase constants(int channels) {
    return kernelCase(
        "batch norm constants",
        String.valueOf(channels),
        6L * channels,
        bench -> {
          var plan = plan(bench, TRAINING);
          Span mean = bench.input("mean", HostArray.of(Inputs.uniform(channels, 100, 1)));
          Span variance = bench.input("variance", HostArray.of(Inputs.unit(channels, 2)));
          Span statistics =
              bench.output("statistics", DType.F32, 4 * channels, Tolerance.ELEMENTWISE);
          return () -> plan.constants(channels, mean, variance, statistics);
        });
  }

  private static KernelCase track(int pixels, int channels) {
    return kernelCase(
        "batch norm tracking",
        "%d of %d pixels".formatted(channels, pixels),
        8L * channels,
        bench -> {
          var plan = plan(bench, TRAINING);
          Span statistics = bench.input("statistics", statistics(channels));
          HostArray before = HostArray.of(Inputs.uniform(channels, 3, 3));
          Span mean = bench.inout("mean", before, Tolerance.MOMENT);
          HostArray positive = HostArray.of(Inputs.unit(channels, 4));
          Span variance = bench.inout("variance", positive, Tolerance.MOMENT);
          Span batches = bench.inout("batches", HostArray.of(1L << 40), Tolerance.EXACT);
          return () -> plan.track(pixels, channels, 0.1f, statistics, mean, variance, batches);
        });
  }

  /** Four rows: a mean, what is left of it, a variance, and a factor as if of another variance. */
  private static HostArray statistics(int channels) {
    float[] rows = new float[4 * channels];
    float[] drawn = Inputs.uniform(4 * channels, 1, channels);
    for (int c = 0; c < channels; c++) {
      rows[c] = drawn[c];
      rows[channels + c] = drawn[channels + c] * 0x1p-26f;
      rows[2 * channels + c] = Math.abs(drawn[2 * channels + c]);
      rows[3 * channels + c] = 1 + drawn[3 * channels + c] / 2;
    }
    return HostArray.of(rows);
  }

  private static String operands(int pixels, int channels, BatchNormSpec spec, String more) {
    return "(%d, %d) %s%s%s"
        .formatted(
            pixels,
            channels,
            spec.training() ? "training" : "inference",
            spec.relu() ? " relu" : "",
            more.isEmpty() ? "" : " " + more);
  }

  private static KernelCase forward(
      int pixels, int channels, BatchNormSpec spec, boolean inPlace, boolean specials) {
    int n = pixels * channels;
    return kernelCase(
        "batch norm",
        operands(pixels, channels, spec, specials ? "specials" : inPlace ? "in place" : ""),
        2L * n,
        bench -> {
          var plan = plan(bench, spec);
          float[] values = specials ? Inputs.withSpecials(n, n) : Inputs.uniform(n, 2, n);
          HostArray data = HostArray.of(values);
          Span x = inPlace ? bench.inout("x", data, Tolerance.EXACT) : bench.input("x", data);
          Span statistics = bench.input("statistics", statistics(channels));
          Span weight = bench.input("weight", HostArray.of(Inputs.uniform(channels, 2, 5)));
          Span bias = bench.input("bias", HostArray.of(Inputs.uniform(channels, 1, 6)));
          Span out = inPlace ? x : bench.output("out", DType.F32, n, Tolerance.EXACT);
          return () -> plan.forward(pixels, channels, x, statistics, weight, bias, out);
        });
  }

  /** Sums of as many products as there are pixels, of numbers around 1. */
  private static KernelCase backward(
      int pixels, int channels, BatchNormSpec spec, boolean inPlace, String special) {
    int n = pixels * channels;
    return kernelCase(
        "batch norm backward",
        operands(pixels, channels, spec, inPlace ? "in place" : special),
        3L * n,
        bench -> {
          var plan = plan(bench, spec);
          float[] above = Inputs.uniform(n, 1, ~n);
          float[] data = Inputs.uniform(n, 2, n);
          if (special.endsWith("x")) {
            data[n / 2] = Float.NaN;
          } else if (!special.isEmpty()) {
            above[n / 2] = Float.NaN;
          }
          HostArray gradients = HostArray.of(above);
          Span gradient =
              inPlace
                  ? bench.inout("gradient", gradients, Tolerance.GRADIENT)
                  : bench.input("gradient", gradients);
          Span x = bench.input("x", HostArray.of(data));
          Span statistics = bench.input("statistics", statistics(channels));
          Span weight = bench.input("weight", HostArray.of(Inputs.uniform(channels, 2, 5)));
          Span bias = bench.input("bias", HostArray.of(Inputs.uniform(channels, 1, 6)));
          Span out = inPlace ? gradient : bench.output("out", DType.F32, n, Tolerance.GRADIENT);
          Tolerance sums = Tolerance.reduction(pixels, Math.sqrt(pixels));
          Span weightGradient = bench.output("weight gradient", DType.F32, channels, sums);
          Span biasGradient = bench.output("bias gradient", DType.F32, channels, sums);
          Span scratch = bench.scratch(plan.scratchBytes(pixels, channels));
          return () ->
              plan.backward(
                  pixels,
                  channels,
                  gradient,
                  x,
                  statistics,
                  weight,
                  bias,
                  out,
                  weightGradient,
                  biasGradient,
                  scratch);
        });
  }
}
