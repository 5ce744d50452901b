package dev.quern.simd.pooling;

import dev.quern.DType;
import dev.quern.reference.ReferenceProvider;
import dev.quern.simd.HostSpans;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Kernels;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.AveragePoolingPlan;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Average pooling and its gradient against the reference, whatever window and threads. */
class AveragePoolingTest {
  private static final Kernels REFERENCE = new ReferenceProvider().open(0).kernels();

  private static final List<AveragePoolingSpec> SPECS =
      List.of(
          new AveragePoolingSpec(Window.of(2), Window.of(2)),
          new AveragePoolingSpec(Window.of(1), Window.of(2)),
          new AveragePoolingSpec(new Window(3, 2, 1, 1), new Window(3, 2, 1, 1)),
          new AveragePoolingSpec(new Window(2, 1, 1, 2), new Window(3, 1, 1, 1)),
          new AveragePoolingSpec(new Window(2, 3, 0, 1), new Window(2, 1, 1, 3)));

  private static final List<SpatialExtent> EXTENTS =
      List.of(
          new SpatialExtent(0, 4, 4, 3),
          new SpatialExtent(1, 2, 2, 1),
          new SpatialExtent(2, 5, 3, 16),
          new SpatialExtent(2, 7, 9, 3),
          new SpatialExtent(1, 16, 33, 17),
          new SpatialExtent(2, 32, 32, 32));

  @Test
  void agreesWithTheReferenceAndHasTheSameBitsForAnyNumberOfThreads() {
    for (AveragePoolingSpec spec : SPECS) {
      for (SpatialExtent in : EXTENTS) {
        if (in.height() + 2L * spec.vertical().padding() >= spec.vertical().reach()
            && in.width() + 2L * spec.horizontal().padding() >= spec.horizontal().reach()) {
          check(spec, in);
        }
      }
    }
  }

  private static void check(AveragePoolingSpec spec, SpatialExtent in) {
    List<PoolingKernels> all =
        List.of(
            REFERENCE.pooling(),
            new SimdPoolingKernels(new WorkerPool(1, false)),
            new SimdPoolingKernels(new WorkerPool(2, false)),
            new SimdPoolingKernels(new WorkerPool(7, false)));
    try (HostSpans spans = new HostSpans()) {
      Span x = spans.normal(1, (int) in.elements(), 0, 1);
      Span gradient = spans.normal(2, (int) spec.result(in).elements(), 0, 1);
      Span[][] results = new Span[all.size()][];
      for (int i = 0; i < results.length; i++) {
        AveragePoolingPlan plan = all.get(i).prepare(spec);
        results[i] =
            new Span[] {
              spans.empty(DType.F32, gradient.length()), spans.empty(DType.F32, x.length())
            };
        plan.forward(in, x, results[i][0]);
        plan.backward(in, gradient, results[i][1]);
        for (int k = 0; k < 2; k++) {
          HostSpans.near(results[0][k], results[i][k], 1e-6, spec + " of " + in);
          HostSpans.sameBits(results[Math.min(i, 1)][k], results[i][k], spec + " of " + in);
        }
      }
    }
  }
}
