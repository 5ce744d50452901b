package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.StridedView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Transpositions, views and joined rows of elements of every size. */
final class LayoutCases {

  /** What views are there to be: parts, repetitions, axes in other orders, from one to six axes. */
  private static final List<StridedView> VIEWS =
      List.of(
          view(0, new long[] {7}, new long[] {1}),
          view(5, new long[] {33}, new long[] {3}),
          view(2, new long[] {40}, new long[] {0}),
          view(4, new long[] {}, new long[] {}),
          view(0, new long[] {3, 0}, new long[] {1, 3}),
          // a narrowed axis, the inner one and an outer one
          view(3, new long[] {31, 5}, new long[] {11, 1}),
          view(64, new long[] {17, 16}, new long[] {48, 1}),
          view(22, new long[] {3, 2, 7}, new long[] {63, 7, 1}),
          // exchanged axes
          view(0, new long[] {33, 17}, new long[] {1, 33}),
          view(0, new long[] {2, 9, 5, 3}, new long[] {135, 5, 1, 45}),
          view(0, new long[] {5, 4, 3, 2}, new long[] {1, 5, 20, 60}),
          // repeated ones
          view(1, new long[] {19, 16}, new long[] {0, 1}),
          view(1, new long[] {19, 16}, new long[] {1, 0}),
          view(0, new long[] {4, 3, 5}, new long[] {0, 2, 0}),
          view(7, new long[] {3, 2, 3, 2, 3, 2}, new long[] {1, 0, 3, 10, 0, 21}),
          view(0, new long[] {2, 3, 2, 3, 2, 3}, new long[] {1, 2, 6, 12, 36, 72}),
          view(0, new long[] {257, 1025}, new long[] {1025, 1}),
          view(9, new long[] {1025, 257}, new long[] {1, 1031}));

  private static final int[][] PARTS = {
    {1}, {5}, {1, 1}, {3, 5}, {16, 32}, {32, 16}, {17, 1, 0, 9}, {64, 64, 3}
  };

  private LayoutCases() {}

  private static StridedView view(long offset, long[] extents, long[] strides) {
    return new StridedView(
        Arrays.stream(extents).boxed().toList(), Arrays.stream(strides).boxed().toList(), offset);
  }

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
    for (DType dtype : List.of(DType.F32, DType.U8, DType.F16, DType.I64)) {
      for (StridedView view : VIEWS) {
        cases.add(copyStrided(dtype, view));
      }
      for (int[] columns : PARTS) {
        for (int rows : new int[] {0, 1, 3, 67}) {
          cases.add(concat(dtype, rows, columns));
        }
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
            null),
        new Benchmark(
            LayoutKernels.class,
            "concat",
            n -> 64 * Math.max(1, n / 64),
            n -> 0,
            n -> concat(DType.F32, Math.max(1, n / 64), new int[] {32, 32}),
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

  private static KernelCase copyStrided(DType dtype, StridedView view) {
    int n = (int) view.elements();
    long last = view.offset();
    for (int axis = 0; axis < view.extents().size(); axis++) {
      last += Math.max(0, view.extents().get(axis) - 1) * view.strides().get(axis);
    }
    int source = (int) last + 3;
    return new KernelCase(
        LayoutKernels.class,
        "copy strided",
        "%s %s by %s from %d".formatted(dtype, view.extents(), view.strides(), view.offset()),
        dtype,
        2L * n * dtype.bytes(),
        bench -> {
          Span x = bench.input("x", Inputs.bits(dtype, source, source));
          Span out = bench.output("out", dtype, n, Tolerance.EXACT);
          return () -> bench.backend().kernels().layout().copyStrided(view, x, out);
        });
  }

  private static KernelCase concat(DType dtype, int rows, int[] columns) {
    int n = rows * Arrays.stream(columns).sum();
    return new KernelCase(
        LayoutKernels.class,
        "concat",
        "%s %d rows of %s".formatted(dtype, rows, Arrays.toString(columns)),
        dtype,
        2L * n * dtype.bytes(),
        bench -> {
          var parts = new ArrayList<Span>();
          for (int count : columns) {
            int length = rows * count;
            parts.add(bench.input("x" + parts.size(), Inputs.bits(dtype, length, count)));
          }
          Span out = bench.output("out", dtype, n, Tolerance.EXACT);
          return () -> bench.backend().kernels().layout().concat(rows, parts, out);
        });
  }
}
