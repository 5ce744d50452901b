package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.MatrixKernels;
import java.util.ArrayList;
import java.util.List;

/** Matrix products, with both operands as they are and transposed. */
final class MatrixCases {

  private MatrixCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    int[][] shapes = {
      {1, 1, 1},
      {3, 5, 0},
      {0, 4, 3},
      {4, 0, 3},
      {1, 1, 1009},
      {1009, 1, 13},
      {1, 1009, 13},
      {7, 9, 11},
      {16, 16, 16},
      {17, 15, 33},
      {31, 33, 257},
      {64, 65, 63},
      {97, 101, 103}
    };
    for (int[] s : shapes) {
      for (int transposed = 0; transposed < 4; transposed++) {
        boolean a = (transposed & 1) != 0;
        boolean b = (transposed & 2) != 0;
        cases.add(multiply(a, b, s[0], s[1], s[2], false));
        cases.add(multiplyAdd(a, b, s[0], s[1], s[2]));
      }
    }
    cases.add(multiply(false, false, 17, 15, 33, true));
    cases.add(multiply(false, true, 256, 255, 1031, false));
    cases.add(multiplyAdd(true, false, 97, 1, 5003));
    cases.add(multiplyAdd(true, false, 64, 65, 4099));
    return cases;
  }

  /** Square matrices with about as many elements in the result as are asked for. */
  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            MatrixKernels.class,
            "matrix product",
            n -> side(n) * side(n),
            n -> 2 * Math.pow(side(n), 3),
            n -> multiply(false, false, side(n), side(n), side(n), false),
            null));
  }

  private static int side(int elements) {
    return (int) Math.round(Math.sqrt(elements));
  }

  private static String operands(boolean transposeA, boolean transposeB, int m, int n, int k) {
    return "(%d, %d)%s x (%d, %d)%s seed %d"
        .formatted(m, k, transposeA ? "^T" : "", k, n, transposeB ? "^T" : "", m + n + k);
  }

  /** Entries of both operands have mean square 1/3, so a product of rows has norm sqrt(k)/3. */
  private static Tolerance tolerance(int k) {
    return Tolerance.reduction(k, Math.sqrt(k) / 3);
  }

  /** A gradient that grows where it lies. */
  private static KernelCase multiplyAdd(
      boolean transposeA, boolean transposeB, int m, int n, int k) {
    return new KernelCase(
        MatrixKernels.class,
        "multiply-add",
        operands(transposeA, transposeB, m, n, k),
        DType.F32,
        4L * ((long) m * k + (long) k * n + 2L * m * n),
        bench -> {
          var kernels = bench.backend().kernels().matrix();
          Span a = bench.input("a", HostArray.of(Inputs.uniform(m * k, 1, m + n + k)));
          Span b = bench.input("b", HostArray.of(Inputs.uniform(k * n, 1, ~(m + n + k))));
          HostArray before = HostArray.of(Inputs.uniform(m * n, 1, m + 2L * n));
          Span out = bench.inout("out", before, tolerance(k + 1));
          Span scratch = bench.scratch(kernels.scratchBytes(m, n, k));
          return () -> kernels.multiplyAdd(transposeA, transposeB, m, n, k, a, b, out, scratch);
        });
  }

  private static KernelCase multiply(
      boolean transposeA, boolean transposeB, int m, int n, int k, boolean nan) {
    return new KernelCase(
        MatrixKernels.class,
        "multiply",
        operands(transposeA, transposeB, m, n, k) + (nan ? " with NaN" : ""),
        DType.F32,
        4L * ((long) m * k + (long) k * n + (long) m * n),
        bench -> {
          var kernels = bench.backend().kernels().matrix();
          float[] left = Inputs.uniform(m * k, 1, m + n + k);
          if (nan) {
            left[left.length / 2] = Float.NaN;
          }
          Span a = bench.input("a", HostArray.of(left));
          Span b = bench.input("b", HostArray.of(Inputs.uniform(k * n, 1, ~(m + n + k))));
          Span out = bench.output("out", DType.F32, m * n, tolerance(k));
          Span scratch = bench.scratch(kernels.scratchBytes(m, n, k));
          return () -> kernels.multiply(transposeA, transposeB, m, n, k, a, b, out, scratch);
        });
  }
}
