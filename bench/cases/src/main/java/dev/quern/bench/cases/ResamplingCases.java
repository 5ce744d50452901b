package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.ResamplingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.UpsamplingSpec;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/** Upsampling in every way, forward and backward: factors that differ, axes of one element. */
final class ResamplingCases {
  private static final int[][] FACTORS = {{1, 1}, {2, 2}, {3, 3}, {2, 3}, {1, 4}, {5, 1}};

  private static final int[] CHANNELS = {1, 3, 4, 7, 8, 16, 17, 33};

  private ResamplingCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (Interpolation interpolation : Interpolation.values()) {
      for (int[] f : FACTORS) {
        var spec = new UpsamplingSpec(interpolation, f[0], f[1]);
        addBoth(cases, spec, new SpatialExtent(2, 5, 7, 3), false);
        addBoth(cases, spec, new SpatialExtent(1, 1, 1, 5), false);
        addBoth(cases, spec, new SpatialExtent(1, 3, 4, 16), true);
      }
      var twice = new UpsamplingSpec(interpolation, 2, 2);
      for (int channels : CHANNELS) {
        addBoth(cases, twice, new SpatialExtent(1, 4, 3, channels), false);
      }
      addBoth(cases, twice, new SpatialExtent(1, 1, 9, 2), true);
      addBoth(cases, twice, new SpatialExtent(3, 9, 1, 6), true);
      addBoth(cases, twice, new SpatialExtent(0, 3, 3, 4), false);
      addBoth(cases, twice, new SpatialExtent(2, 33, 17, 16), false);
      addBoth(cases, twice, new SpatialExtent(1, 13, 16, 48), false);
    }
    return cases;
  }

  private static void addBoth(
      List<KernelCase> cases, UpsamplingSpec spec, SpatialExtent extent, boolean outliers) {
    cases.add(forward(spec, extent, outliers));
    cases.add(backward(spec, extent, outliers));
  }

  static List<Benchmark> benchmarks() {
    var twice = new UpsamplingSpec(Interpolation.BILINEAR, 2, 2);
    return List.of(
        benchmark("upsample bilinear", n -> forward(twice, square(n), false)),
        benchmark("upsample bilinear backward", n -> backward(twice, square(n), false)));
  }

  /** Sixteen channels; about as many elements of the larger image as are asked for. */
  private static Benchmark benchmark(String name, IntFunction<KernelCase> at) {
    return new Benchmark(
        ResamplingKernels.class,
        name,
        n -> 4 * (int) square(n).elements(),
        n -> 9.0 * 4 * square(n).elements(),
        at,
        null);
  }

  private static SpatialExtent square(int n) {
    long side = Math.max(1, (long) Math.sqrt(n / 64.0));
    return new SpatialExtent(1, side, side, 16);
  }

  private static String operands(UpsamplingSpec spec, SpatialExtent extent, boolean outliers) {
    return "%s %s by %dx%d %s"
        .formatted(
            spec.interpolation().name().toLowerCase(Locale.ROOT),
            Windows.name(extent),
            spec.vertical(),
            spec.horizontal(),
            outliers ? "outliers" : "uniform");
  }

  private static HostArray values(long elements, boolean outliers) {
    int n = (int) elements;
    return HostArray.of(outliers ? Inputs.withOutliers(n, n) : Inputs.uniform(n, 1, n));
  }

  private static KernelCase forward(UpsamplingSpec spec, SpatialExtent extent, boolean outliers) {
    long results = spec.result(extent).elements();
    return new KernelCase(
        ResamplingKernels.class,
        "upsample",
        operands(spec, extent, outliers),
        DType.F32,
        4 * (extent.elements() + results),
        bench -> {
          var plan = bench.backend().kernels().resampling().prepare(spec);
          Span x = bench.input("x", values(extent.elements(), outliers));
          boolean nearest = spec.interpolation() == Interpolation.NEAREST;
          Tolerance tolerance = nearest ? Tolerance.EXACT : Tolerance.reduction(4, 1);
          Span out = bench.output("out", DType.F32, (int) results, tolerance);
          return () -> plan.forward(extent, x, out);
        });
  }

  /** An element gets from as many as its neighbours on both sides become. */
  private static KernelCase backward(UpsamplingSpec spec, SpatialExtent extent, boolean outliers) {
    long results = spec.result(extent).elements();
    return new KernelCase(
        ResamplingKernels.class,
        "upsample backward",
        operands(spec, extent, outliers),
        DType.F32,
        4 * (extent.elements() + results),
        bench -> {
          var plan = bench.backend().kernels().resampling().prepare(spec);
          Span gradient = bench.input("gradient", values(results, outliers));
          Tolerance tolerance = Tolerance.reduction(4L * spec.vertical() * spec.horizontal(), 1);
          Span out = bench.output("out", DType.F32, (int) extent.elements(), tolerance);
          return () -> plan.backward(extent, gradient, out);
        });
  }
}
