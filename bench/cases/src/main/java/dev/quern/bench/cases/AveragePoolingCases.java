package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.util.ArrayList;
import java.util.List;

/** Average pooling, forward and backward. */
final class AveragePoolingCases {
  private static final AveragePoolingSpec HALVES = square(Window.of(2));

  private static final List<AveragePoolingSpec> WINDOWS =
      List.of(
          HALVES,
          square(new Window(3, 1, 1, 1)),
          square(new Window(3, 2, 1, 1)),
          square(new Window(2, 3, 0, 1)),
          square(new Window(2, 1, 1, 2)),
          new AveragePoolingSpec(new Window(1, 2, 0, 1), new Window(5, 1, 2, 1)));

  private static final int[] CHANNELS = {1, 3, 4, 7, 8, 16, 17, 33};

  private AveragePoolingCases() {}

  private static AveragePoolingSpec square(Window window) {
    return new AveragePoolingSpec(window, window);
  }

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (AveragePoolingSpec spec : WINDOWS) {
      for (int channels : CHANNELS) {
        addBoth(cases, spec, new SpatialExtent(2, 9, 7, channels), false);
      }
      addBoth(cases, spec, new SpatialExtent(1, 6, 5, 12), true);
    }
    addBoth(cases, WINDOWS.get(4), new SpatialExtent(1, 1, 1, 5), false);
    addBoth(cases, HALVES, new SpatialExtent(0, 4, 4, 3), false);
    addBoth(cases, HALVES, new SpatialExtent(1, 2, 2, 3), false);
    addBoth(cases, HALVES, new SpatialExtent(1, 32, 34, 16), false);
    return cases;
  }

  private static void addBoth(
      List<KernelCase> cases, AveragePoolingSpec spec, SpatialExtent extent, boolean outliers) {
    cases.add(forward(spec, extent, outliers));
    cases.add(backward(spec, extent, outliers));
  }

  /** Halves of 16 channels, as many elements as are asked for or a little fewer. */
  static List<Benchmark> benchmarks() {
    return List.of(
        new Benchmark(
            PoolingKernels.class, "average pool", 1, n -> forward(HALVES, timed(n), false)));
  }

  private static SpatialExtent timed(int n) {
    long side = Math.max(1, (long) Math.sqrt(n / 64.0));
    return new SpatialExtent(1, 2 * side, 2 * side, 16);
  }

  private static String operands(AveragePoolingSpec spec, SpatialExtent extent, boolean outliers) {
    return "%s by %s %s"
        .formatted(
            Windows.name(extent),
            Windows.name(spec.vertical(), spec.horizontal()),
            outliers ? "outliers" : "uniform");
  }

  private static HostArray values(long elements, boolean outliers) {
    int n = (int) elements;
    return HostArray.of(outliers ? Inputs.withOutliers(n, n) : Inputs.uniform(n, 1, n));
  }

  private static Tolerance tolerance(AveragePoolingSpec spec) {
    return Tolerance.reduction((long) spec.vertical().kernel() * spec.horizontal().kernel(), 1);
  }

  private static KernelCase forward(
      AveragePoolingSpec spec, SpatialExtent extent, boolean outliers) {
    long results = spec.result(extent).elements();
    return new KernelCase(
        PoolingKernels.class,
        "average pool",
        operands(spec, extent, outliers),
        DType.F32,
        4 * (extent.elements() + results),
        bench -> {
          var plan = bench.backend().kernels().pooling().prepare(spec);
          Span x = bench.input("x", values(extent.elements(), outliers));
          Span out = bench.output("out", DType.F32, (int) results, tolerance(spec));
          return () -> plan.forward(extent, x, out);
        });
  }

  private static KernelCase backward(
      AveragePoolingSpec spec, SpatialExtent extent, boolean outliers) {
    long results = spec.result(extent).elements();
    return new KernelCase(
        PoolingKernels.class,
        "average pool backward",
        operands(spec, extent, outliers),
        DType.F32,
        4 * (extent.elements() + results),
        bench -> {
          var plan = bench.backend().kernels().pooling().prepare(spec);
          Span gradient = bench.input("gradient", values(results, outliers));
          Span out = bench.output("out", DType.F32, (int) extent.elements(), tolerance(spec));
          return () -> plan.backward(extent, gradient, out);
        });
  }
}
