package dev.quern.simd.resampling;

import dev.quern.DType;
import dev.quern.reference.ReferenceProvider;
import dev.quern.simd.HostSpans;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Kernels;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.UpsamplingPlan;
import dev.quern.spi.spatial.UpsamplingSpec;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import org.junit.jupiter.api.Test;

/** Upsampling and its gradient against the reference, whatever scale, channels and threads. */
class UpsamplingTest {
  private static final Kernels REFERENCE = new ReferenceProvider().open(0).kernels();

  private static final int[][] SCALES = {{1, 1}, {2, 2}, {3, 2}, {1, 4}};

  private static final SpatialExtent[] EXTENTS = {
    new SpatialExtent(1, 1, 1, 1),
    new SpatialExtent(2, 1, 3, 16),
    new SpatialExtent(2, 5, 2, 3),
    new SpatialExtent(1, 7, 6, 17),
    new SpatialExtent(2, 16, 16, 32),
    new SpatialExtent(1, 3, 4, 40)
  };

  @Test
  void agreesWithTheReferenceAndHasTheSameBitsForAnyNumberOfThreads() {
    for (Interpolation interpolation : Interpolation.values()) {
      for (int[] scale : SCALES) {
        UpsamplingSpec spec = new UpsamplingSpec(interpolation, scale[0], scale[1]);
        UpsamplingPlan reference = REFERENCE.resampling().prepare(spec);
        UpsamplingPlan[] plans = {plan(spec, 1), plan(spec, 2), plan(spec, 7)};
        for (SpatialExtent in : EXTENTS) {
          check(reference, plans, in, spec + " of " + in);
        }
      }
    }
  }

  private static UpsamplingPlan plan(UpsamplingSpec spec, int threads) {
    return new SimdResamplingKernels(new WorkerPool(threads, false)).prepare(spec);
  }

  private static void check(
      UpsamplingPlan reference, UpsamplingPlan[] plans, SpatialExtent in, String what) {
    try (HostSpans spans = new HostSpans()) {
      int n = (int) in.elements();
      int results = (int) reference.spec().result(in).elements();
      Span x = spans.normal(1, n, 0, 1);
      float[] values = HostSpans.floats(x);
      values[n / 2] = Float.POSITIVE_INFINITY;
      Span special = spans.of(values);
      Span gradient = spans.normal(2, results, 0, 1);
      Span[] expected = new Span[3];
      Span[] one = null;
      for (int i = -1; i < plans.length; i++) {
        UpsamplingPlan plan = i < 0 ? reference : plans[i];
        Span[] actual = {
          spans.empty(DType.F32, results),
          spans.empty(DType.F32, results),
          spans.empty(DType.F32, n)
        };
        plan.forward(in, x, actual[0]);
        plan.forward(in, special, actual[1]);
        plan.backward(in, gradient, actual[2]);
        if (i < 0) {
          expected = actual;
        }
        one = i == 0 ? actual : one;
        for (int k = 0; k < actual.length; k++) {
          HostSpans.near(expected[k], actual[k], 2e-6, what + " " + k);
          if (one != null) {
            HostSpans.sameBits(one[k], actual[k], what);
          }
        }
      }
    }
  }
}
