package dev.quern.simd.normalization;

import dev.quern.DType;
import dev.quern.reference.ReferenceProvider;
import dev.quern.simd.HostSpans;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Kernels;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.NormalizationKernels;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Normalization of rows and softmax against the reference, whatever the shape and the threads. */
class RowsTest {
  private static final Kernels REFERENCE = new ReferenceProvider().open(0).kernels();

  private static final List<NormalizationKernels> ALL =
      List.of(
          REFERENCE.normalization(),
          new SimdNormalizationKernels(new WorkerPool(1, false)),
          new SimdNormalizationKernels(new WorkerPool(2, false)),
          new SimdNormalizationKernels(new WorkerPool(7, false)));

  private static void compare(Span[][] results, String what) {
    for (int i = 1; i < results.length; i++) {
      for (int k = 0; k < results[i].length; k++) {
        HostSpans.near(results[0][k], results[i][k], 1e-5, what + " " + k);
        HostSpans.sameBits(results[1][k], results[i][k], what + " " + k);
      }
    }
  }

  @Test
  void standardize() {
    int[][] shapes = {{0, 5}, {1, 1}, {3, 2}, {5, 15}, {4, 64}, {7, 65}, {300, 257}, {2, 70_000}};
    for (int[] s : shapes) {
      try (HostSpans spans = new HostSpans()) {
        int n = s[0] * s[1];
        Span x = spans.normal(1, n, 100, 2);
        Span gradient = spans.normal(2, n, 0.1, 1);
        Span[][] results = new Span[ALL.size()][];
        for (int i = 0; i < results.length; i++) {
          Span y = spans.empty(DType.F32, n);
          Span inverse = spans.empty(DType.F32, s[0]);
          Span back = spans.empty(DType.F32, n);
          ALL.get(i).standardize(s[0], s[1], 1e-5f, x, y, inverse);
          // of the reference's result, as those of others differ a little
          Span of = i == 0 ? y : results[0][0];
          Span by = i == 0 ? inverse : results[0][1];
          ALL.get(i).standardizeGradient(s[0], s[1], gradient, of, by, back);
          results[i] = new Span[] {y, inverse, back};
        }
        compare(results, s[0] + " rows of " + s[1]);
      }
    }
  }

  @Test
  void softmax() {
    int[][] shapes = {
      {0, 3, 1},
      {1, 1, 1},
      {5, 3, 1},
      {20_000, 4, 1},
      {7, 63, 1},
      {7, 64, 1},
      {3, 1001, 1},
      {2, 3, 700},
      {3, 70, 5},
      {2, 1, 40},
      {1, 300, 33},
      {4, 5, 10_000}
    };
    for (boolean logarithm : new boolean[] {false, true}) {
      for (int[] s : shapes) {
        for (float special : new float[] {0, Float.NEGATIVE_INFINITY, Float.NaN}) {
          try (HostSpans spans = new HostSpans()) {
            int n = s[0] * s[1] * s[2];
            float[] values = HostSpans.floats(spans.normal(1, n, 0, 3));
            if (n > 0) {
              values[n / 2] = special;
            }
            Span x = spans.of(values);
            Span gradient = spans.normal(2, n, 0.1, 1);
            Span[][] results = new Span[ALL.size()][];
            for (int i = 0; i < results.length; i++) {
              Span y = spans.empty(DType.F32, n);
              Span back = spans.empty(DType.F32, n);
              ALL.get(i).softmax(logarithm, s[0], s[1], s[2], x, y);
              Span of = i == 0 ? y : results[0][0];
              ALL.get(i).softmaxGradient(logarithm, s[0], s[1], s[2], gradient, of, back);
              results[i] = new Span[] {y, back};
            }
            compare(results, List.of(s[0], s[1], s[2]) + " " + logarithm + " " + special);
          }
        }
      }
    }
  }
}
