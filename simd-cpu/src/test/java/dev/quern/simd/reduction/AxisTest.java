package dev.quern.simd.reduction;

import dev.quern.DType;
import dev.quern.simd.HostSpans;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.ReductionKernels;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Reductions along an axis against plain loops, whatever the shape and the threads. */
class AxisTest {
  private static final List<Integer> THREADS = List.of(1, 2, 7);

  private static final int[][] SHAPES = {
    {1, 0, 5}, {0, 3, 5}, {1, 1, 1}, {3, 5, 1}, {2, 10_000, 1}, {1, 30_000, 16}, {2, 3000, 17},
    {1, 70_000, 3}, {5, 7, 33}, {3, 40, 511}, {2, 700, 1030}, {4, 1, 64}, {1, 2000, 100}, {9, 2, 2}
  };

  @Test
  void sums() {
    for (int[] s : SHAPES) {
      try (HostSpans spans = new HostSpans()) {
        Span x = spans.normal(1, s[0] * s[1] * s[2], 1, 1);
        float[] values = HostSpans.floats(x);
        float[] expected = new float[s[0] * s[2]];
        for (int i = 0; i < expected.length; i++) {
          double sum = 0;
          for (int r = 0; r < s[1]; r++) {
            sum += values[(i / s[2] * s[1] + r) * s[2] + i % s[2]];
          }
          expected[i] = (float) sum;
        }
        Span one = null;
        for (int threads : THREADS) {
          ReductionKernels kernels = new SimdReductionKernels(new WorkerPool(threads, false));
          Span out = spans.empty(DType.F32, expected.length);
          Span scratch = spans.scratch(kernels.axisScratchBytes(s[0], s[1], s[2]));
          kernels.sumAxis(s[0], s[1], s[2], x, out, scratch);
          String what = List.of(s[0], s[1], s[2]) + ", " + threads + " threads";
          HostSpans.near(spans.of(expected), out, 1e-6, what);
          one = one == null ? out : one;
          HostSpans.sameBits(one, out, what);
        }
      }
    }
  }

  @Test
  void greatestAndBack() {
    for (int[] s : SHAPES) {
      if (s[1] == 0) {
        continue;
      }
      try (HostSpans spans = new HostSpans()) {
        float[] values = HostSpans.floats(spans.normal(2, s[0] * s[1] * s[2], 0, 1));
        for (int i = 0; i < values.length; i++) {
          // many equal ones, some NaN
          values[i] = i % 97 == 5 ? Float.NaN : Math.round(values[i]);
        }
        Span x = spans.of(values);
        int results = s[0] * s[2];
        float[] most = new float[results];
        float[] scattered = new float[values.length];
        int[] places = new int[results];
        for (int i = 0; i < results; i++) {
          int first = i / s[2] * s[1] * s[2] + i % s[2];
          for (int r = 1; r < s[1]; r++) {
            float value = values[first + r * s[2]];
            float before = values[first + places[i] * s[2]];
            if (!Float.isNaN(before) && (value > before || Float.isNaN(value))) {
              places[i] = r;
            }
          }
          most[i] = values[first + places[i] * s[2]];
          scattered[first + places[i] * s[2]] = most[i];
        }
        for (int threads : THREADS) {
          ReductionKernels kernels = new SimdReductionKernels(new WorkerPool(threads, false));
          String what = List.of(s[0], s[1], s[2]) + ", " + threads + " threads";
          Span out = spans.empty(DType.F32, results);
          Span found = spans.empty(DType.I32, results);
          kernels.maxAxis(s[0], s[1], s[2], x, out, found);
          HostSpans.sameBits(spans.of(most), out, what);
          Assertions.assertArrayEquals(
              places,
              HostBuffer.segment(found).toArray(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED),
              what);
          Span back = spans.empty(DType.F32, values.length);
          kernels.scatterAxis(s[0], s[1], s[2], out, found, back);
          HostSpans.sameBits(spans.of(scattered), back, what);
        }
      }
    }
  }
}
