package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions and their gradients: channels and widths around vectors and tiles, windows of every
 * kind, groups.
 */
final class ConvolutionCases {
  private static final Window ONE = new Window(1, 1, 0, 1);
  private static final Window THREE = new Window(3, 1, 1, 1);

  private static final List<Window> SQUARES =
      List.of(
          ONE,
          THREE,
          new Window(3, 1, 0, 1),
          new Window(5, 1, 2, 1),
          new Window(7, 1, 3, 1),
          new Window(2, 1, 0, 1),
          new Window(2, 2, 0, 1),
          new Window(3, 2, 1, 1),
          new Window(1, 2, 0, 1),
          new Window(2, 3, 0, 1),
          // rows and columns of the result that see nothing of the image
          new Window(3, 1, 4, 1),
          new Window(3, 1, 2, 2),
          new Window(2, 2, 1, 2),
          new Window(3, 2, 5, 2));

  private static final int[][] CHANNELS = {
    {1, 1}, {1, 16}, {2, 3}, {3, 16}, {4, 8}, {5, 7}, {7, 5}, {8, 8}, {12, 12}, {15, 17}, {16, 1},
    {16, 2}, {16, 16}, {17, 15}, {24, 31}, {31, 24}, {32, 32}, {33, 8}, {48, 16}, {16, 96}
  };

  private static final int[] WIDTHS = {1, 2, 3, 5, 7, 9, 13, 16, 17, 33};

  private ConvolutionCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int[] c : CHANNELS) {
      addAll(cases, spec(THREE, THREE, 1, c[0], c[1], cases.size()), 1, 5, 9);
      addAll(cases, spec(ONE, ONE, 1, c[0], c[1], cases.size()), 2, 3, 7);
    }
    for (int width : WIDTHS) {
      addAll(cases, spec(THREE, THREE, 1, 16, 16, cases.size()), 1, 3, width);
      addAll(cases, spec(THREE, THREE, 1, 3, 5, cases.size()), 1, 2, width);
    }
    for (Window window : SQUARES) {
      addAll(cases, spec(window, window, 1, 3, 5, cases.size()), 2, 7, 8);
      addAll(cases, spec(window, window, 1, 16, 8, cases.size()), 1, 8, 7);
    }
    addAll(cases, spec(ONE, THREE, 1, 4, 17, cases.size()), 2, 4, 9);
    addAll(cases, spec(THREE, ONE, 1, 17, 4, cases.size()), 2, 4, 9);
    addAll(cases, spec(new Window(2, 2, 0, 1), THREE, 1, 6, 6, cases.size()), 1, 5, 6);
    for (int[] parts : new int[][] {{2, 4, 6}, {2, 32, 16}, {3, 3, 9}, {8, 8, 8}, {33, 33, 33}}) {
      addAll(cases, spec(THREE, THREE, parts[0], parts[1], parts[2], cases.size()), 1, 4, 5);
    }
    addAll(cases, spec(SQUARES.get(7), SQUARES.get(7), 4, 8, 12, cases.size()), 2, 7, 6);
    addAll(cases, spec(SQUARES.get(11), ONE, 16, 16, 16, cases.size()), 1, 6, 5);
    addAll(cases, spec(THREE, THREE, 1, 3, 5, cases.size()), 0, 4, 4);
    addAll(cases, spec(THREE, THREE, 1, 5, 16, cases.size()), 3, 1, 1);
    addAll(cases, spec(ONE, ONE, 1, 1, 1, cases.size()), 1, 1, 1);
    // many rows, and many images, for the weights' gradient
    addAll(cases, spec(THREE, THREE, 1, 4, 16, cases.size()), 1, 131, 5);
    addAll(cases, spec(THREE, THREE, 1, 8, 3, cases.size()), 37, 3, 3);
    addAll(cases, spec(THREE, THREE, 1, 3, 5, cases.size()), 1, 57, 73);
    addAll(cases, spec(THREE, THREE, 1, 1, 17, cases.size()), 1, 57, 73);
    addAll(cases, spec(THREE, THREE, 1, 16, 16, cases.size()), 2, 16, 24);
    addAll(cases, spec(THREE, THREE, 1, 64, 64, cases.size()), 1, 8, 9);
    addAll(cases, spec(ONE, ONE, 1, 64, 48, cases.size()), 1, 17, 17);
    for (int channels : new int[] {3, 16}) {
      ConvolutionSpec spec = spec(THREE, THREE, 1, channels, 8, 3);
      var extent = new SpatialExtent(1, 6, 7, channels);
      cases.add(forward(spec, extent, true, true));
      cases.add(inputGradient(spec, extent, true));
      cases.add(weightGradient(spec, extent, true, false));
    }
    return cases;
  }

  /** Every other one with ReLU. */
  private static ConvolutionSpec spec(
      Window vertical, Window horizontal, int groups, int inputs, int outputs, int number) {
    return new ConvolutionSpec(vertical, horizontal, groups, inputs, outputs, number % 2 == 1);
  }

  /** Forward, the gradient of the operand and that of the weights, at times to be added. */
  private static void addAll(
      List<KernelCase> cases, ConvolutionSpec spec, int images, int height, int width) {
    var extent = new SpatialExtent(images, height, width, spec.inputs());
    int number = cases.size();
    cases.add(forward(spec, extent, number % 4 < 2, false));
    cases.add(inputGradient(spec, extent, false));
    cases.add(weightGradient(spec, extent, false, number % 5 == 0));
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        benchmark("convolution 3x3 of 16", THREE, 16, ConvolutionCases::timedForward),
        benchmark("convolution 3x3 of 16, input gradient", THREE, 16, ConvolutionCases::timedInput),
        benchmark(
            "convolution 3x3 of 16, weight gradient", THREE, 16, ConvolutionCases::timedWeights),
        benchmark("convolution 3x3 of 64", THREE, 64, ConvolutionCases::timedForward),
        benchmark("convolution 3x3 of 64, input gradient", THREE, 64, ConvolutionCases::timedInput),
        benchmark(
            "convolution 3x3 of 64, weight gradient", THREE, 64, ConvolutionCases::timedWeights),
        benchmark("convolution 1x1 of 64", ONE, 64, ConvolutionCases::timedForward));
  }

  private interface Timed {
    KernelCase of(ConvolutionSpec spec, SpatialExtent extent);
  }

  private static KernelCase timedForward(ConvolutionSpec spec, SpatialExtent extent) {
    return forward(spec, extent, true, false);
  }

  private static KernelCase timedInput(ConvolutionSpec spec, SpatialExtent extent) {
    return inputGradient(spec, extent, false);
  }

  private static KernelCase timedWeights(ConvolutionSpec spec, SpatialExtent extent) {
    return weightGradient(spec, extent, false, false);
  }

  /** A square image with about as many elements as are asked for; borders are not counted out. */
  private static Benchmark benchmark(String name, Window window, int channels, Timed timed) {
    var spec = new ConvolutionSpec(window, window, 1, channels, channels, false);
    double each = 2.0 * window.kernel() * window.kernel() * channels;
    return new Benchmark(
        ConvolutionKernels.class,
        name,
        n -> elements(n, channels),
        n -> each * elements(n, channels),
        n -> timed.of(spec, square(n, channels)),
        null);
  }

  private static int elements(int n, int channels) {
    return (int) square(n, channels).elements();
  }

  private static SpatialExtent square(int n, int channels) {
    long side = Math.max(1, (long) Math.sqrt((double) n / channels));
    return new SpatialExtent(1, side, side, channels);
  }

  private static String operands(ConvolutionSpec spec, SpatialExtent extent) {
    return "%s to %d by %s%s%s seed %d"
        .formatted(
            Windows.name(extent),
            spec.outputs(),
            Windows.name(spec.vertical(), spec.horizontal()),
            spec.groups() == 1 ? "" : " in %d groups".formatted(spec.groups()),
            spec.relu() ? " relu" : "",
            extent.elements());
  }

  /**
   * Sums of products of two uniform numbers, whose mean square is 1/9.
   *
   * @param terms of a sum
   * @param outliers whether there are numbers of 1e4 among them
   */
  private static Tolerance tolerance(long terms, boolean outliers) {
    return Tolerance.reduction(terms, outliers ? 1e4 : Math.sqrt((double) terms) / 3);
  }

  private static long taps(ConvolutionSpec spec) {
    return (long) spec.vertical().kernel() * spec.horizontal().kernel();
  }

  /** The images and what is made of them; weights do not grow and are left out. */
  private static KernelCase kernelCase(
      String operation,
      ConvolutionSpec spec,
      SpatialExtent extent,
      boolean outliers,
      KernelCase.Setup setup) {
    return new KernelCase(
        ConvolutionKernels.class,
        operation,
        operands(spec, extent) + (outliers ? " with outliers" : ""),
        DType.F32,
        4 * (extent.elements() + spec.result(extent).elements()),
        setup);
  }

  private static float[] image(int elements, boolean outliers) {
    return outliers ? Inputs.withOutliers(elements, 1) : Inputs.uniform(elements, 1, elements);
  }

  private static HostArray weights(ConvolutionSpec spec) {
    return HostArray.of(Inputs.uniform((int) spec.weights(), 1, ~spec.weights()));
  }

  private static ConvolutionPlan plan(Workbench bench, ConvolutionSpec spec) {
    return bench.backend().kernels().convolution().prepare(spec);
  }

  private static KernelCase forward(
      ConvolutionSpec spec, SpatialExtent extent, boolean biased, boolean outliers) {
    return kernelCase(
        biased ? "convolution with bias" : "convolution",
        spec,
        extent,
        outliers,
        bench -> {
          var plan = plan(bench, spec);
          long terms = taps(spec) * spec.inputs() / spec.groups() + 1;
          int results = (int) spec.result(extent).elements();
          Span x = bench.input("x", HostArray.of(image((int) extent.elements(), outliers)));
          Span weight = bench.input("weight", weights(spec));
          @Nullable Span bias =
              biased
                  ? bench.input("bias", HostArray.of(Inputs.uniform((int) spec.outputs(), 1, 3)))
                  : null;
          Span out = bench.output("out", DType.F32, results, tolerance(terms, outliers));
          Span scratch = bench.scratch(plan.scratchBytes(extent));
          return () -> plan.forward(extent, x, weight, bias, out, scratch);
        });
  }

  private static KernelCase inputGradient(
      ConvolutionSpec spec, SpatialExtent extent, boolean outliers) {
    return kernelCase(
        "input gradient",
        spec,
        extent,
        outliers,
        bench -> {
          var plan = plan(bench, spec);
          long terms = taps(spec) * spec.outputs() / spec.groups();
          int results = (int) spec.result(extent).elements();
          Span gradient = bench.input("gradient", HostArray.of(image(results, outliers)));
          Span weight = bench.input("weight", weights(spec));
          int elements = (int) extent.elements();
          Span out = bench.output("out", DType.F32, elements, tolerance(terms, outliers));
          Span scratch = bench.scratch(plan.scratchBytes(extent));
          return () -> plan.inputGradient(extent, gradient, weight, out, scratch);
        });
  }

  /** An outlier is one NaN in the middle, which all weights of its channel see. */
  private static KernelCase weightGradient(
      ConvolutionSpec spec, SpatialExtent extent, boolean outlier, boolean add) {
    return kernelCase(
        add ? "weight gradient, added" : "weight gradient",
        spec,
        extent,
        outlier,
        bench -> {
          var plan = plan(bench, spec);
          SpatialExtent result = spec.result(extent);
          float[] image = image((int) extent.elements(), false);
          if (outlier) {
            long middle = extent.height() / 2 * extent.width() + extent.width() / 2;
            image[(int) (middle * extent.channels())] = Float.NaN;
          }
          int results = (int) result.elements();
          Span x = bench.input("x", HostArray.of(image));
          Span gradient =
              bench.input("gradient", HostArray.of(Inputs.uniform(results, 1, ~results)));
          int weights = (int) spec.weights();
          Tolerance tolerance = tolerance(results / spec.outputs() + 1, false);
          Span out =
              add
                  ? bench.inout("out", HostArray.of(Inputs.uniform(weights, 1, 4)), tolerance)
                  : bench.output("out", DType.F32, weights, tolerance);
          Span scratch = bench.scratch(plan.scratchBytes(extent));
          return add
              ? () -> plan.weightGradientAdd(extent, x, gradient, out, scratch)
              : () -> plan.weightGradient(extent, x, gradient, out, scratch);
        });
  }
}
