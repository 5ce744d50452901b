package dev.quern.simd.normalization;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.reference.ReferenceProvider;
import dev.quern.simd.HostSpans;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Kernels;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import dev.quern.spi.spatial.NormalizationKernels;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Batch normalization against the reference, whatever channels, pixels and threads. */
class BatchNormTest {
  private static final Kernels REFERENCE = new ReferenceProvider().open(0).kernels();

  private static final int[] CHANNELS = {
    1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 64, 65, 96, 128, 200
  };

  private static final int[] PIXELS = {0, 1, 2, 3, 15, 17, 63, 64, 65, 300, 2500, 20_000};

  private static final List<Integer> THREADS = List.of(1, 2, 7);

  /** All results of a plan. */
  private record Results(Span statistics, Span out, Span x, Span weight, Span bias) {
    void compare(Results other, double tolerance, String what) {
      HostSpans.near(statistics, other.statistics, tolerance, what + " statistics");
      HostSpans.near(out, other.out, tolerance, what + " out");
      HostSpans.near(x, other.x, tolerance, what + " gradient");
      HostSpans.near(weight, other.weight, tolerance, what + " weight gradient");
      HostSpans.near(bias, other.bias, tolerance, what + " bias gradient");
    }
  }

  private static Results run(
      HostSpans spans, NormalizationKernels kernels, BatchNormSpec spec, int pixels, int channels) {
    BatchNormPlan plan = kernels.prepare(spec);
    int n = pixels * channels;
    Span x = spans.normal(1, n, 2, 3);
    Span gradient = spans.normal(2, n, 0.1, 1);
    Span weight = spans.normal(3, channels, 1, 0.3);
    Span bias = spans.normal(4, channels, 0, 0.3);
    Results results =
        new Results(
            spans.empty(DType.F32, 4L * channels),
            spans.empty(DType.F32, n),
            spans.empty(DType.F32, n),
            spans.empty(DType.F32, channels),
            spans.empty(DType.F32, channels));
    Span scratch = spans.scratch(plan.scratchBytes(pixels, channels));
    plan.statistics(pixels, channels, x, results.statistics, scratch);
    plan.forward(pixels, channels, x, results.statistics, weight, bias, results.out);
    plan.backward(
        pixels,
        channels,
        gradient,
        x,
        results.statistics,
        weight,
        bias,
        results.x,
        results.weight,
        results.bias,
        scratch);
    return results;
  }

  @Test
  void agreesWithTheReferenceAndHasTheSameBitsForAnyNumberOfThreads() {
    int shape = 0;
    for (int channels : CHANNELS) {
      for (int pixels : PIXELS) {
        if ((long) channels * pixels > 1_000_000) {
          continue;
        }
        BatchNormSpec spec = new BatchNormSpec(1e-5f, shape % 3 != 0, shape % 2 == 0);
        shape++;
        try (HostSpans spans = new HostSpans()) {
          String what = "%d pixels of %d, %s".formatted(pixels, channels, spec);
          Results expected = run(spans, REFERENCE.normalization(), spec, pixels, channels);
          Results one = null;
          for (int threads : THREADS) {
            NormalizationKernels kernels =
                new SimdNormalizationKernels(new WorkerPool(threads, false));
            Results actual = run(spans, kernels, spec, pixels, channels);
            expected.compare(actual, 3e-5, what);
            one = one == null ? actual : one;
            one.compare(actual, 0, what);
          }
        }
      }
    }
  }

  @Test
  void varianceFarFromZeroIsRight() {
    int channels = 16;
    int pixels = 100_000;
    try (HostSpans spans = new HostSpans()) {
      Span x = spans.normal(1, pixels * channels, 1e3, 1e-2);
      Span expected = statistics(spans, REFERENCE.normalization(), x, channels);
      Span actual =
          statistics(spans, new SimdNormalizationKernels(new WorkerPool(2, false)), x, channels);
      float[] e = HostSpans.floats(expected);
      float[] a = HostSpans.floats(actual);
      for (int c = 0; c < channels; c++) {
        assertEquals(e[c], a[c]);
        assertEquals(e[channels + c], a[channels + c], 1e-8);
        assertEquals(e[2 * channels + c], a[2 * channels + c], 1e-6 * e[2 * channels + c]);
      }
    }
  }

  private static Span statistics(
      HostSpans spans, NormalizationKernels kernels, Span x, int channels) {
    BatchNormPlan plan = kernels.prepare(new BatchNormSpec(1e-5f, true, false));
    Span out = spans.empty(DType.F32, 4L * channels);
    long pixels = x.length() / channels;
    plan.statistics(pixels, channels, x, out, spans.scratch(plan.scratchBytes(pixels, channels)));
    return out;
  }

  @Test
  void infinitiesAndNanAreWhereTheReferenceHasThem() {
    int channels = 3;
    for (int at : new int[] {0, 1, 2, 100, 5000}) {
      for (float special : new float[] {Float.POSITIVE_INFINITY, Float.NaN, 1e4f}) {
        try (HostSpans spans = new HostSpans()) {
          float[] x = HostSpans.floats(spans.normal(1, 3000 * channels, 0, 1));
          x[at] = special;
          Span operand = spans.of(x);
          Span expected = statistics(spans, REFERENCE.normalization(), operand, channels);
          Span actual =
              statistics(
                  spans, new SimdNormalizationKernels(new WorkerPool(2, false)), operand, channels);
          HostSpans.near(expected, actual, 1e-5, special + " at " + at);
        }
      }
    }
  }
}
