package dev.quern.simd.convolution;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.host.HostMemory;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The three kernels against loops over single elements in the documented order: the same bits. */
class SimdConvolutionTest {
  private static final List<WorkerPool> POOLS =
      Stream.of(1, 2, 7).map(threads -> new WorkerPool(threads, false)).toList();

  /** A convolution and what it is applied to. */
  record Shape(ConvolutionSpec spec, SpatialExtent in) {}

  private static Shape shape(
      Window window, int groups, int inputs, int outputs, int images, int height, int width) {
    return shape(window, window, groups, inputs, outputs, images, height, width);
  }

  private static Shape shape(
      Window vertical,
      Window horizontal,
      int groups,
      int inputs,
      int outputs,
      int images,
      int height,
      int width) {
    boolean relu = (inputs + outputs) % 2 == 1;
    return new Shape(
        new ConvolutionSpec(vertical, horizontal, groups, inputs, outputs, relu),
        new SpatialExtent(images, height, width, inputs));
  }

  static Stream<Shape> shapes() {
    Window one = new Window(1, 1, 0, 1);
    Window three = new Window(3, 1, 1, 1);
    Window bare = new Window(3, 1, 0, 1);
    Window five = new Window(5, 1, 2, 1);
    Window wide = new Window(3, 1, 4, 1);
    Window two = new Window(2, 2, 0, 1);
    Window half = new Window(3, 2, 1, 1);
    Window dilated = new Window(3, 1, 2, 2);
    Window odd = new Window(3, 2, 2, 3);
    return Stream.of(
        shape(three, 1, 16, 16, 2, 9, 17),
        shape(three, 1, 16, 16, 3, 64, 33),
        shape(three, 1, 1, 16, 2, 13, 16),
        shape(three, 1, 3, 8, 2, 8, 8),
        shape(three, 1, 8, 5, 1, 5, 7),
        shape(three, 1, 17, 33, 2, 6, 9),
        shape(three, 1, 24, 48, 1, 7, 7),
        shape(three, 1, 33, 64, 1, 3, 5),
        shape(three, 1, 12, 80, 1, 3, 6),
        shape(three, 1, 5, 100, 1, 3, 6),
        shape(three, 1, 48, 7, 1, 4, 130),
        shape(three, 1, 96, 31, 1, 12, 70),
        shape(three, 1, 48, 16, 1, 9, 300),
        shape(three, 1, 16, 16, 1, 1, 1),
        shape(three, 1, 9, 16, 1, 2, 2),
        shape(three, 1, 16, 16, 0, 4, 4),
        shape(bare, 1, 8, 16, 2, 3, 3),
        shape(bare, 1, 8, 16, 2, 9, 4),
        shape(wide, 1, 8, 16, 2, 2, 3),
        shape(one, 1, 16, 1, 2, 9, 11),
        shape(one, 1, 64, 32, 1, 5, 13),
        shape(one, 1, 7, 130, 1, 5, 13),
        shape(five, 1, 4, 12, 2, 9, 9),
        shape(one, three, 1, 6, 16, 1, 4, 9),
        shape(five, one, 1, 6, 3, 1, 7, 9),
        shape(two, 1, 8, 16, 2, 8, 10),
        shape(two, 1, 3, 4, 2, 7, 9),
        shape(half, 1, 16, 32, 2, 9, 12),
        shape(dilated, 1, 4, 16, 1, 9, 12),
        shape(odd, 1, 5, 6, 2, 11, 14),
        shape(odd, half, 2, 6, 4, 2, 12, 15),
        shape(three, 2, 32, 34, 1, 6, 7),
        shape(three, 6, 6, 6, 2, 8, 9),
        shape(half, 6, 6, 12, 2, 8, 9),
        shape(three, 1, 2, 3, 20, 8, 9),
        shape(three, 1, 2, 3, 1, 40, 90));
  }

  private static float[] numbers(long n, int seed) {
    float[] numbers = new float[Math.toIntExact(n)];
    Random random = new Random(seed);
    for (int i = 0; i < n; i++) {
      numbers[i] = random.nextFloat() - 0.5f;
    }
    return numbers;
  }

  private static Span span(Arena arena, float... elements) {
    Span span =
        Span.of(
            Objects.requireNonNull(
                new HostMemory().wrap(arena.allocate(4L * elements.length + 4, 64))),
            DType.F32,
            elements.length);
    MemorySegment.copy(elements, 0, HostBuffer.segment(span), JAVA_FLOAT, 0, elements.length);
    return span;
  }

  private static float[] read(Span span) {
    return HostBuffer.segment(span).toArray(JAVA_FLOAT);
  }

  private static float[] filled(long n, float value) {
    float[] all = new float[Math.toIntExact(n)];
    Arrays.fill(all, value);
    return all;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void forwardAddsRowsOfTapsThenInputsThenTaps(Shape shape) {
    ConvolutionSpec spec = shape.spec();
    SpatialExtent result = spec.result(shape.in());
    float[] x = numbers(shape.in().elements(), 1);
    float[] w = numbers(spec.weights(), 2);
    float[] bias = numbers(spec.outputs(), 3);
    float[] plain = Chains.forward(shape.spec(), shape.in(), x, w, null);
    float[] biased = Chains.forward(shape.spec(), shape.in(), x, w, bias);
    for (WorkerPool pool : POOLS) {
      try (Arena arena = Arena.ofShared()) {
        ConvolutionPlan plan = new SimdConvolutionKernels(pool).prepare(spec);
        Span out = span(arena, filled(result.elements(), Float.NaN));
        Span scratch = span(arena, new float[0]);
        plan.forward(shape.in(), span(arena, x), span(arena, w), null, out, scratch);
        assertArrayEquals(plain, read(out));
        plan.forward(shape.in(), span(arena, x), span(arena, w), span(arena, bias), out, scratch);
        assertArrayEquals(biased, read(out));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void inputGradientGoesThroughTheTapsInReverse(Shape shape) {
    ConvolutionSpec spec = shape.spec();
    float[] gradient = numbers(spec.result(shape.in()).elements(), 4);
    float[] w = numbers(spec.weights(), 5);
    float[] expected = Chains.inputGradient(spec, shape.in(), gradient, w);
    for (WorkerPool pool : POOLS) {
      try (Arena arena = Arena.ofShared()) {
        ConvolutionPlan plan = new SimdConvolutionKernels(pool).prepare(spec);
        Span out = span(arena, filled(shape.in().elements(), Float.NaN));
        plan.inputGradient(
            shape.in(), span(arena, gradient), span(arena, w), out, span(arena, new float[0]));
        assertArrayEquals(expected, read(out));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void weightGradientAddsPixelsInOrderAndThenParts(Shape shape) {
    ConvolutionSpec spec = shape.spec();
    float[] x = numbers(shape.in().elements(), 6);
    float[] gradient = numbers(spec.result(shape.in()).elements(), 7);
    float[] before = numbers(spec.weights(), 8);
    float[] expected = Chains.weightGradient(spec, shape.in(), x, gradient);
    float[] added = before.clone();
    for (int i = 0; i < added.length; i++) {
      added[i] += expected[i];
    }
    for (WorkerPool pool : POOLS) {
      try (Arena arena = Arena.ofShared()) {
        ConvolutionPlan plan = new SimdConvolutionKernels(pool).prepare(spec);
        long bytes = plan.scratchBytes(shape.in());
        Span scratch = span(arena, filled(bytes / 4 + 1, Float.NaN));
        Span out = span(arena, filled(spec.weights(), Float.NaN));
        plan.weightGradient(shape.in(), span(arena, x), span(arena, gradient), out, scratch);
        assertArrayEquals(expected, read(out));
        Span sum = span(arena, before);
        plan.weightGradientAdd(shape.in(), span(arena, x), span(arena, gradient), sum, scratch);
        assertArrayEquals(added, read(sum));
      }
    }
  }

  /** What lies outside an image is no product: infinities stay where they belong. */
  @ParameterizedTest
  @MethodSource("shapes")
  void weightGradientMultipliesNoPadding(Shape shape) {
    ConvolutionSpec spec = shape.spec();
    float[] x = numbers(shape.in().elements(), 9);
    float[] gradient = numbers(spec.result(shape.in()).elements(), 10);
    if (x.length == 0) {
      return;
    }
    x[0] = Float.POSITIVE_INFINITY;
    gradient[gradient.length - 1] = Float.NEGATIVE_INFINITY;
    float[] expected = Chains.weightGradient(spec, shape.in(), x, gradient);
    try (Arena arena = Arena.ofShared()) {
      ConvolutionPlan plan = new SimdConvolutionKernels(POOLS.getFirst()).prepare(spec);
      Span scratch = span(arena, new float[(int) (plan.scratchBytes(shape.in()) / 4) + 1]);
      Span out = span(arena, new float[expected.length]);
      plan.weightGradient(shape.in(), span(arena, x), span(arena, gradient), out, scratch);
      assertEquals(List.of(), differences(expected, read(out)));
    }
  }

  private static List<String> differences(float[] expected, float[] actual) {
    return Stream.iterate(0, i -> i < expected.length, i -> i + 1)
        .filter(i -> Float.compare(expected[i], actual[i]) != 0)
        .map(i -> i + ": " + actual[i] + " instead of " + expected[i])
        .toList();
  }
}
