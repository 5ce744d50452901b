package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.MaxPoolingSpec;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Max pooling, forward and backward: channels around vector widths, windows that overlap or do not.
 * {@link AveragePoolingCases} has the other pooling.
 */
final class PoolingCases {
  private static final MaxPoolingSpec HALVES = square(Window.of(2));

  private static final List<MaxPoolingSpec> WINDOWS =
      List.of(
          HALVES,
          square(new Window(3, 1, 1, 1)),
          square(new Window(3, 2, 1, 1)),
          square(new Window(2, 3, 0, 1)),
          square(new Window(2, 1, 1, 2)),
          new MaxPoolingSpec(new Window(1, 2, 0, 1), new Window(5, 1, 2, 1)));

  private static final int[] CHANNELS = {1, 3, 4, 7, 8, 16, 17, 33};

  private PoolingCases() {}

  private static MaxPoolingSpec square(Window window) {
    return new MaxPoolingSpec(window, window);
  }

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>(AveragePoolingCases.all());
    for (MaxPoolingSpec spec : WINDOWS) {
      for (int channels : CHANNELS) {
        var extent = new SpatialExtent(2, 9, 7, channels);
        int n = (int) extent.elements();
        cases.addAll(both("uniform seed " + n, spec, extent, () -> Inputs.uniform(n, 1, n)));
        cases.addAll(both("equal", spec, extent, () -> equal(n)));
        cases.addAll(both("specials", spec, extent, () -> Inputs.withSpecials(n, n)));
      }
    }
    // axes of one element, where a dilated window may hold nothing
    cases.addAll(both("ones", WINDOWS.get(4), new SpatialExtent(1, 1, 1, 5), () -> equal(5)));
    cases.addAll(both("none", HALVES, new SpatialExtent(0, 4, 4, 3), () -> new float[0]));
    cases.addAll(
        both("all below all", WINDOWS.get(1), new SpatialExtent(1, 3, 5, 19), () -> lowest(285)));
    return cases;
  }

  static List<Benchmark> benchmarks() {
    var all = new ArrayList<Benchmark>(AveragePoolingCases.benchmarks());
    all.add(new Benchmark(PoolingKernels.class, "max pool", 4, n -> timed(n, true)));
    all.add(new Benchmark(PoolingKernels.class, "max pool backward", 8, n -> timed(n, false)));
    return all;
  }

  /** Halves of 16 channels, as many elements as are asked for or a little fewer. */
  private static KernelCase timed(int n, boolean forward) {
    long side = Math.max(1, (long) Math.sqrt(n / 64.0));
    var extent = new SpatialExtent(1, 2 * side, 2 * side, 16);
    int elements = (int) extent.elements();
    Supplier<float[]> x = () -> Inputs.uniform(elements, 1, 1);
    String operands = operands("uniform seed 1", HALVES, extent);
    return forward ? forward(operands, HALVES, extent, x) : backward(operands, HALVES, extent, x);
  }

  private static List<KernelCase> both(
      String values, MaxPoolingSpec spec, SpatialExtent extent, Supplier<float[]> x) {
    String operands = operands(values, spec, extent);
    return List.of(forward(operands, spec, extent, x), backward(operands, spec, extent, x));
  }

  private static String operands(String values, MaxPoolingSpec spec, SpatialExtent extent) {
    return "%s by %s %s"
        .formatted(Windows.name(extent), Windows.name(spec.vertical(), spec.horizontal()), values);
  }

  private static float[] equal(int n) {
    float[] values = new float[n];
    Arrays.fill(values, 1);
    return values;
  }

  private static float[] lowest(int n) {
    float[] values = new float[n];
    Arrays.fill(values, Float.NEGATIVE_INFINITY);
    return values;
  }

  private static KernelCase forward(
      String operands, MaxPoolingSpec spec, SpatialExtent extent, Supplier<float[]> elements) {
    int results = (int) spec.result(extent).elements();
    return new KernelCase(
        PoolingKernels.class,
        "max pool",
        operands,
        DType.F32,
        4 * extent.elements() + 8L * results,
        bench -> {
          var plan = bench.backend().kernels().pooling().prepare(spec);
          Span x = bench.input("x", HostArray.of(elements.get()));
          Span out = bench.output("out", DType.F32, results, Tolerance.EXACT);
          Span places = bench.output("places", DType.I32, results, Tolerance.EXACT);
          return () -> plan.forward(extent, x, out, places);
        });
  }

  private static KernelCase backward(
      String operands, MaxPoolingSpec spec, SpatialExtent extent, Supplier<float[]> elements) {
    int results = (int) spec.result(extent).elements();
    return new KernelCase(
        PoolingKernels.class,
        "max pool backward",
        operands,
        DType.F32,
        4 * extent.elements() + 8L * results,
        bench -> {
          var plan = bench.backend().kernels().pooling().prepare(spec);
          Span gradient = bench.input("gradient", HostArray.of(Inputs.uniform(results, 1, 5)));
          Span places = bench.input("places", HostArray.of(places(spec, extent, elements.get())));
          Span out = bench.output("out", DType.F32, (int) extent.elements(), Tolerance.EXACT);
          return () -> plan.backward(extent, gradient, places, out);
        });
  }

  /** Where the greatest element of each window lies. */
  private static int[] places(MaxPoolingSpec spec, SpatialExtent in, float[] x) {
    SpatialExtent result = spec.result(in);
    int[] places = new int[(int) result.elements()];
    int at = 0;
    for (int image = 0; image < in.images(); image++) {
      for (int row = 0; row < result.height(); row++) {
        for (int column = 0; column < result.width(); column++) {
          for (int c = 0; c < in.channels(); c++) {
            places[at++] = place(spec, in, x, image, row, column, c);
          }
        }
      }
    }
    return places;
  }

  private static int place(
      MaxPoolingSpec spec, SpatialExtent in, float[] x, int image, int row, int column, int c) {
    int place = -1;
    float most = 0;
    Window vertical = spec.vertical();
    Window horizontal = spec.horizontal();
    for (int i = 0; i < vertical.kernel(); i++) {
      int y = row * vertical.stride() - vertical.padding() + i * vertical.dilation();
      for (int j = 0; j < horizontal.kernel(); j++) {
        int z = column * horizontal.stride() - horizontal.padding() + j * horizontal.dilation();
        if (y >= 0 && y < in.height() && z >= 0 && z < in.width()) {
          int element = (int) (((image * in.height() + y) * in.width() + z) * in.channels()) + c;
          if (place < 0 || x[element] > most || Float.isNaN(x[element])) {
            most = x[element];
            place = (int) (y * in.width()) + z;
          }
        }
      }
    }
    return place;
  }
}
