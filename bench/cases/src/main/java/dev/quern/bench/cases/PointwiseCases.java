package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.UnaryOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/** Fill, copy, elementwise arithmetic and the broadcast add. */
final class PointwiseCases {

  private PointwiseCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int n : Sizes.ELEMENTWISE) {
      long seed = 1000L + n;
      for (DType dtype : List.of(DType.F32, DType.I64, DType.I32, DType.U8)) {
        cases.add(fill(n, dtype, 3));
      }
      cases.add(fill(n, DType.F32, Double.NaN));
      cases.add(copy(n, DType.F32, DType.F32, seed));
      cases.add(copy(n, DType.U8, DType.F32, seed));
      cases.add(copy(n, DType.U8, DType.U8, seed));
      cases.add(copy(n, DType.I32, DType.F32, seed));
      cases.add(copy(n, DType.I64, DType.F32, seed));
      for (UnaryOp op : UnaryOp.values()) {
        cases.add(unary(op, n, "specials", seed));
        cases.add(unaryGradient(op, n, "specials", seed));
      }
      for (BinaryOp op : BinaryOp.values()) {
        cases.add(binary(op, n, "specials", seed, false));
      }
      cases.add(scale(n, seed));
      cases.add(notEqual(n, DType.F32, seed));
      cases.add(notEqual(n, DType.U8, seed));
    }
    cases.add(binary(BinaryOp.ADD, 1009, "specials", 5, true));
    cases.add(binary(BinaryOp.MULTIPLY, 4097, "specials", 6, true));
    int[][] shapes = {
      {1, 1, 1},
      {0, 3, 5},
      {7, 1, 1},
      {1, 7, 1},
      {5, 3, 1},
      {2, 3, 35},
      {3, 16, 17},
      {2, 5, 1009},
      {4099, 2, 1}
    };
    for (int[] shape : shapes) {
      cases.add(addBroadcast(shape[0], shape[1], shape[2]));
    }
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        benchmark("fill", 1, n -> fill(n, DType.F32, 3)),
        benchmark("copy", 1, n -> copy(n, DType.F32, DType.F32, 1)),
        benchmark("copy u8 to f32", 1, n -> copy(n, DType.U8, DType.F32, 1)),
        benchmark("add", 1, n -> binary(BinaryOp.ADD, n, "uniform", 1, false)),
        benchmark("sigmoid", 24, n -> unary(UnaryOp.SIGMOID, n, "uniform", 1)),
        benchmark("softplus", 44, n -> unary(UnaryOp.SOFTPLUS, n, "uniform", 1)),
        benchmark("relu", 1, n -> unary(UnaryOp.RELU, n, "uniform", 1)),
        benchmark("relu gradient", 1, n -> unaryGradient(UnaryOp.RELU, n, "uniform", 1)));
  }

  private static Benchmark benchmark(
      String name, double operationsPerElement, IntFunction<KernelCase> at) {
    return new Benchmark(PointwiseKernels.class, name, operationsPerElement, at);
  }

  private static KernelCase fill(int n, DType dtype, double value) {
    return new KernelCase(
        PointwiseKernels.class,
        "fill",
        dtype + " " + n + " value " + value,
        DType.F32,
        (long) n * dtype.bytes(),
        bench -> {
          Span out = bench.output("out", dtype, n, Tolerance.EXACT);
          return () -> bench.backend().kernels().pointwise().fill(out, value);
        });
  }

  private static KernelCase copy(int n, DType from, DType to, long seed) {
    return new KernelCase(
        PointwiseKernels.class,
        "copy",
        from + " to " + to + " " + n + " seed " + seed,
        DType.F32,
        (long) n * (from.bytes() + to.bytes()),
        bench -> {
          Span x =
              bench.input(
                  "x",
                  switch (from) {
                    case U8 -> HostArray.of(Inputs.labels(n, 0.5, 0.2, seed));
                    case F32 -> HostArray.of(Inputs.withSpecials(n, seed));
                    default -> Inputs.integers(from, n, seed);
                  });
          Span out = bench.output("out", to, n, Tolerance.EXACT);
          return () -> bench.backend().kernels().pointwise().copy(x, out);
        });
  }

  private static float[] values(String distribution, int n, long seed) {
    return distribution.equals("uniform")
        ? Inputs.uniform(n, 8, seed)
        : Inputs.withSpecials(n, seed);
  }

  private static KernelCase unary(UnaryOp op, int n, String distribution, long seed) {
    return new KernelCase(
        PointwiseKernels.class,
        op.name().toLowerCase(Locale.ROOT),
        n + " " + distribution + " seed " + seed,
        DType.F32,
        8L * n,
        bench -> {
          Span x = bench.input("x", HostArray.of(values(distribution, n, seed)));
          Span out = bench.output("out", DType.F32, n, tolerance(op));
          return () -> bench.backend().kernels().pointwise().unary(op, x, out);
        });
  }

  private static Tolerance tolerance(UnaryOp op) {
    return switch (op) {
      case SIGMOID, SOFTPLUS, EXP, LOG, SQRT, LEAKY_RELU -> Tolerance.ELEMENTWISE;
      case SIGN, RELU, ABS -> Tolerance.EXACT;
      case SILU, TANH, GELU -> Tolerance.FUNCTION;
    };
  }

  private static KernelCase unaryGradient(UnaryOp op, int n, String distribution, long seed) {
    return new KernelCase(
        PointwiseKernels.class,
        op.name().toLowerCase(Locale.ROOT) + " gradient",
        n + " " + distribution + " seed " + seed,
        DType.F32,
        12L * n,
        bench -> {
          float[] above = Inputs.uniform(n, 4, ~seed);
          if (n > 40) {
            above[30] = Float.NaN;
            above[40] = Float.POSITIVE_INFINITY;
          }
          Span x = bench.input("x", HostArray.of(values(distribution, n, seed)));
          Span gradient = bench.input("gradient", HostArray.of(above));
          Span out = bench.output("out", DType.F32, n, gradientTolerance(op));
          return () -> bench.backend().kernels().pointwise().unaryGradient(op, x, gradient, out);
        });
  }

  /** Of gradients up to 4. */
  private static Tolerance gradientTolerance(UnaryOp op) {
    return switch (op) {
      case SIGN, RELU, ABS -> Tolerance.EXACT;
      case LEAKY_RELU, LOG, SQRT -> Tolerance.ELEMENTWISE;
      case EXP, SOFTPLUS, SIGMOID, TANH -> Tolerance.FUNCTION;
      // their derivatives cross 0, between terms of magnitude 1
      case SILU, GELU -> Tolerance.cancelling(4);
    };
  }

  private static KernelCase binary(
      BinaryOp op, int n, String distribution, long seed, boolean inPlace) {
    return new KernelCase(
        PointwiseKernels.class,
        op.name().toLowerCase(Locale.ROOT),
        n + " " + distribution + " seed " + seed + (inPlace ? " in place" : ""),
        DType.F32,
        12L * n,
        bench -> {
          var left = HostArray.of(values(distribution, n, seed));
          float[] right =
              distribution.equals("uniform")
                  ? Inputs.uniform(n, 8, ~seed)
                  : Inputs.withMovingSpecials(n, ~seed);
          // a device may round divisions another way
          Tolerance tolerance = op == BinaryOp.DIVIDE ? Tolerance.ELEMENTWISE : Tolerance.EXACT;
          Span b = bench.input("b", HostArray.of(right));
          Span a = inPlace ? bench.inout("a", left, tolerance) : bench.input("a", left);
          Span out = inPlace ? a : bench.output("out", DType.F32, n, tolerance);
          return () -> bench.backend().kernels().pointwise().binary(op, a, b, out);
        });
  }

  private static KernelCase scale(int n, long seed) {
    return new KernelCase(
        PointwiseKernels.class,
        "scale",
        n + " specials seed " + seed,
        DType.F32,
        8L * n,
        bench -> {
          Span x = bench.input("x", HostArray.of(Inputs.withSpecials(n, seed)));
          Span out = bench.output("out", DType.F32, n, Tolerance.EXACT);
          return () -> bench.backend().kernels().pointwise().scale(x, -0.3f, out);
        });
  }

  private static KernelCase notEqual(int n, DType dtype, long seed) {
    return new KernelCase(
        PointwiseKernels.class,
        "not-equal",
        dtype + " " + n + " seed " + seed,
        DType.F32,
        (long) n * (dtype.bytes() + 4),
        bench -> {
          boolean labels = dtype == DType.U8;
          Span x =
              bench.input(
                  "x",
                  labels
                      ? HostArray.of(Inputs.labels(n, 0.5, 0.2, seed))
                      : HostArray.of(Inputs.withSpecials(n, seed)));
          Span out = bench.output("out", DType.F32, n, Tolerance.EXACT);
          float value = labels ? Inputs.IGNORED : 1f;
          return () -> bench.backend().kernels().pointwise().notEqual(x, value, out);
        });
  }

  private static KernelCase addBroadcast(int outer, int middle, int inner) {
    int n = outer * middle * inner;
    return new KernelCase(
        PointwiseKernels.class,
        "add-broadcast",
        "(" + outer + ", " + middle + ", " + inner + ") seed " + n,
        DType.F32,
        8L * n + 4L * middle,
        bench -> {
          Span a = bench.input("a", HostArray.of(Inputs.withSpecials(n, n)));
          Span b = bench.input("b", HostArray.of(Inputs.uniform(middle, 3, ~n)));
          Span out = bench.output("out", DType.F32, n, Tolerance.EXACT);
          return () -> bench.backend().kernels().pointwise().addBroadcast(a, b, inner, out);
        });
  }
}
