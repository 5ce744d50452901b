package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.NormalizationKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** Standardized rows and softmax, with their gradients; {@link BatchNormCases} has the rest. */
final class NormalizationCases {
  private static final float EPSILON = 1e-5f;

  private NormalizationCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>(BatchNormCases.all());
    int[][] matrices = {
      {0, 3}, {1, 1}, {5, 1}, {3, 2}, {7, 3}, {4, 7}, {3, 8}, {5, 15}, {2, 16}, {3, 17}, {9, 33},
      {33, 64}, {5, 255}, {2, 1009}, {1, 4099}, {300, 16}
    };
    for (int[] m : matrices) {
      int n = m[0] * m[1];
      cases.add(standardize(m[0], m[1], "uniform", () -> Inputs.uniform(n, 1, n)));
      cases.add(standardizeGradient(m[0], m[1], false));
    }
    cases.add(standardize(5, 1009, "far from 0", () -> far(5 * 1009, 100, 1)));
    cases.add(standardize(3, 17, "constant", () -> filled(3 * 17, 0.75f)));
    cases.add(standardize(9, 33, "outliers", () -> Inputs.withOutliers(9 * 33, 2)));
    cases.add(standardizeGradient(9, 33, true));
    int[][] shapes = {
      {1, 1, 1},
      {0, 3, 2},
      {4, 5, 0},
      {5, 1, 3},
      {3, 2, 5},
      {7, 3, 1},
      {5, 16, 1},
      {2, 17, 1},
      {1, 1009, 1},
      {300, 5, 1},
      {2, 7, 33},
      {17, 4, 16},
      {1, 33, 257},
      {2, 5, 1000},
      {3, 100, 7}
    };
    for (int[] s : shapes) {
      for (boolean logarithm : new boolean[] {false, true}) {
        int n = s[0] * s[1] * s[2];
        cases.add(softmax(logarithm, s, "uniform", () -> Inputs.uniform(n, 8, n)));
        cases.add(softmaxGradient(logarithm, s, false));
      }
    }
    for (int[] s : new int[][] {{40, 9, 1}, {3, 9, 33}}) {
      for (boolean logarithm : new boolean[] {false, true}) {
        int n = s[0] * s[1] * s[2];
        cases.add(softmax(logarithm, s, "outliers", () -> Inputs.withOutliers(n, n)));
        cases.add(softmax(logarithm, s, "no finite", () -> filled(n, Float.NEGATIVE_INFINITY)));
        cases.add(softmaxGradient(logarithm, s, true));
      }
    }
    return cases;
  }

  static List<Benchmark> benchmarks() {
    var all = new ArrayList<Benchmark>(BatchNormCases.benchmarks());
    all.add(
        new Benchmark(
            NormalizationKernels.class,
            "softmax of 16",
            n -> 16 * rows(n),
            n -> 26.0 * 16 * rows(n),
            n ->
                softmax(
                    false,
                    new int[] {rows(n), 16, 1},
                    "uniform",
                    () -> Inputs.uniform(16 * rows(n), 8, 1)),
            null));
    return all;
  }

  private static int rows(int elements) {
    return Math.max(1, elements / 16);
  }

  /** Uniform around a center. */
  static float[] far(int n, float center, float deviation) {
    float[] values = Inputs.uniform(n, deviation, n);
    for (int i = 0; i < n; i++) {
      values[i] += center;
    }
    return values;
  }

  static float[] filled(int n, float value) {
    float[] values = new float[n];
    Arrays.fill(values, value);
    return values;
  }

  private static KernelCase standardize(
      int rows, int columns, String values, Supplier<float[]> elements) {
    return kernelCase(
        "standardize",
        "(%d, %d) %s".formatted(rows, columns, values),
        2L * rows * columns,
        bench -> {
          Span x = bench.input("x", HostArray.of(elements.get()));
          Span out = bench.output("out", DType.F32, rows * columns, Tolerance.NORMALIZED);
          Span inverse = bench.output("inverse", DType.F32, rows, Tolerance.SCALAR);
          var kernels = bench.backend().kernels().normalization();
          return () -> kernels.standardize(rows, columns, EPSILON, x, out, inverse);
        });
  }

  private static KernelCase standardizeGradient(int rows, int columns, boolean outliers) {
    int n = rows * columns;
    return kernelCase(
        "standardize gradient",
        "(%d, %d) %s".formatted(rows, columns, outliers ? "outliers" : "uniform"),
        3L * n,
        bench -> {
          float[] above = outliers ? Inputs.withOutliers(n, 3) : Inputs.uniform(n, 1, ~n);
          Span gradient = bench.input("gradient", HostArray.of(above));
          Span y = bench.input("y", HostArray.of(Inputs.uniform(n, 1.7, n)));
          Span inverse = bench.input("inverse", HostArray.of(Inputs.unit(rows, n)));
          Span out = bench.output("out", DType.F32, n, Tolerance.GRADIENT);
          var kernels = bench.backend().kernels().normalization();
          return () -> kernels.standardizeGradient(rows, columns, gradient, y, inverse, out);
        });
  }

  private static String shape(boolean logarithm, int[] shape, String values) {
    return "%s(%d, %d, %d) %s"
        .formatted(logarithm ? "logarithm " : "", shape[0], shape[1], shape[2], values);
  }

  private static KernelCase softmax(
      boolean logarithm, int[] shape, String values, Supplier<float[]> elements) {
    int n = shape[0] * shape[1] * shape[2];
    return kernelCase(
        "softmax",
        shape(logarithm, shape, values),
        2L * n,
        bench -> {
          Span x = bench.input("x", HostArray.of(elements.get()));
          Tolerance tolerance = logarithm ? Tolerance.GRADIENT : Tolerance.LOSS;
          Span out = bench.output("out", DType.F32, n, tolerance);
          var kernels = bench.backend().kernels().normalization();
          return () -> kernels.softmax(logarithm, shape[0], shape[1], shape[2], x, out);
        });
  }

  private static KernelCase softmaxGradient(boolean logarithm, int[] shape, boolean outliers) {
    int n = shape[0] * shape[1] * shape[2];
    return kernelCase(
        "softmax gradient",
        shape(logarithm, shape, outliers ? "outliers" : "uniform"),
        3L * n,
        bench -> {
          float[] above = outliers ? Inputs.withOutliers(n, 3) : Inputs.uniform(n, 1, ~n);
          float[] results = Inputs.unit(n, n);
          if (logarithm) {
            for (int i = 0; i < n; i++) {
              results[i] = -8 * results[i];
            }
          }
          Span gradient = bench.input("gradient", HostArray.of(above));
          Span y = bench.input("y", HostArray.of(results));
          Span out = bench.output("out", DType.F32, n, Tolerance.GRADIENT);
          var kernels = bench.backend().kernels().normalization();
          return () ->
              kernels.softmaxGradient(logarithm, shape[0], shape[1], shape[2], gradient, y, out);
        });
  }

  /** F32 elements, so many of which move at least. */
  static KernelCase kernelCase(
      String operation, String operands, long moved, KernelCase.Setup setup) {
    return new KernelCase(
        NormalizationKernels.class, operation, operands, DType.F32, 4 * moved, setup);
  }
}
