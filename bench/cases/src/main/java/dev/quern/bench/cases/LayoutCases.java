package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.LayoutKernels;
import java.util.ArrayList;
import java.util.List;

/** Transpositions of elements of every size. */
final class LayoutCases {

  private LayoutCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    int[][] shapes = {
      {0, 3, 5},
      {2, 0, 3},
      {1, 1, 1},
      {1, 1, 1009},
      {1, 1009, 1},
      {7, 3, 5},
      {2, 3, 1023},
      {2, 1023, 3},
      {3, 31, 33},
      {1, 64, 4099},
      {1, 257, 255},
      // few rows, and one more than a tile, of so many columns that threads share a matrix
      {1, 5, 7001},
      {2, 17, 1000},
      {1, 33, 1025}
    };
    for (int[] shape : shapes) {
      for (DType dtype : List.of(DType.F32, DType.U8, DType.F16, DType.I64)) {
        cases.add(transpose(dtype, shape[0], shape[1], shape[2]));
      }
    }
    return cases;
  }

  /** Sixteen channels of about as many elements as are asked for. */
  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            LayoutKernels.class,
            "to channels last",
            n -> 16 * Math.max(1, n / 16),
            n -> 0,
            n -> transpose(DType.F32, 1, 16, Math.max(1, n / 16)),
            null));
  }

  private static KernelCase transpose(DType dtype, int count, int rows, int columns) {
    int n = count * rows * columns;
    return new KernelCase(
        LayoutKernels.class,
        "transpose",
        "%s %d of (%d, %d) seed %d".formatted(dtype, count, rows, columns, n),
        dtype,
        2L * n * dtype.bytes(),
        bench -> {
          Span x = bench.input("x", Inputs.bits(dtype, n, n));
          Span out = bench.output("out", dtype, n, Tolerance.EXACT);
          return () -> bench.backend().kernels().layout().transpose(x, count, rows, columns, out);
        });
  }
}
