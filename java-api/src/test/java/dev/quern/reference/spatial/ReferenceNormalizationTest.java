package dev.quern.reference.spatial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.host.HostMemory;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceNormalizationTest {
  private static final Span NONE = Doubles.zeros(0);
  private static final long PIXELS = 9;
  private static final long CHANNELS = 3;
  private static final long ELEMENTS = PIXELS * CHANNELS;

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void gradientsOfBatchNormAreItsSlopes(boolean training, boolean relu) {
    var plan = plan(new BatchNormSpec(1e-2f, training, relu));
    Span x = Doubles.uniform(ELEMENTS, 1);
    Span weight = Doubles.uniform(CHANNELS, 2);
    Span bias = Doubles.uniform(CHANNELS, 3);
    Span gradient = Doubles.uniform(ELEMENTS, 4);
    Span fixed = statistics(plan, x);
    Function<Span, Span> of = data -> training ? statistics(plan, data) : fixed;
    Span out = Doubles.zeros(ELEMENTS);
    Span weightGradient = Doubles.zeros(CHANNELS);
    Span biasGradient = Doubles.zeros(CHANNELS);
    plan.backward(
        PIXELS,
        CHANNELS,
        gradient,
        x,
        fixed,
        weight,
        bias,
        out,
        weightGradient,
        biasGradient,
        NONE);
    assertArrayEquals(
        Doubles.slopes(x, gradient, v -> forward(plan, v, of.apply(v), weight, bias)),
        Doubles.values(out),
        1e-8);
    assertArrayEquals(
        Doubles.slopes(weight, gradient, v -> forward(plan, x, fixed, v, bias)),
        Doubles.values(weightGradient),
        1e-8);
    assertArrayEquals(
        Doubles.slopes(bias, gradient, v -> forward(plan, x, fixed, weight, v)),
        Doubles.values(biasGradient),
        1e-8);
  }

  private static BatchNormPlan plan(BatchNormSpec spec) {
    return new ReferenceNormalizationKernels().prepare(spec);
  }

  private static Span statistics(BatchNormPlan plan, Span x) {
    Span statistics = Doubles.zeros(4 * CHANNELS);
    plan.statistics(PIXELS, CHANNELS, x, statistics, NONE);
    return statistics;
  }

  private static Span forward(BatchNormPlan plan, Span x, Span statistics, Span weight, Span bias) {
    Span out = Doubles.zeros(ELEMENTS);
    plan.forward(PIXELS, CHANNELS, x, statistics, weight, bias, out);
    return out;
  }

  @Test
  void runningStatisticsMoveTowardsThoseOfTheSample() {
    var plan = plan(new BatchNormSpec(0, true, false));
    Span statistics = Doubles.zeros(4);
    plan.statistics(4, 1, Doubles.of(1, 2, 3, 6), statistics, NONE);
    assertArrayEquals(
        new double[] {3, 0, 3.5, 1 / Math.sqrt(3.5)}, Doubles.values(statistics), 1e-15);
    Span mean = Doubles.of(1);
    Span variance = Doubles.of(2);
    Span batches = Span.of(new HostMemory().allocate(8), DType.I64, 1);
    HostBuffer.segment(batches).set(ValueLayout.JAVA_LONG, 0, 41);
    plan.track(4, 1, 0.25f, statistics, mean, variance, batches);
    assertEquals(1.5, Doubles.values(mean)[0]);
    assertEquals(0.75 * 2 + 0.25 * 14 / 3, Doubles.values(variance)[0], 1e-15);
    assertEquals(42, HostBuffer.segment(batches).get(ValueLayout.JAVA_LONG, 0));
  }

  @Test
  void gradientsOfStandardizingAreItsSlopes() {
    var kernels = new ReferenceNormalizationKernels();
    Span x = Doubles.uniform(20, 1);
    Span gradient = Doubles.uniform(20, 2);
    Function<Span, Span> standardize =
        v -> {
          Span out = Doubles.zeros(20);
          kernels.standardize(4, 5, 1e-2f, v, out, Doubles.zeros(4));
          return out;
        };
    Span y = Doubles.zeros(20);
    Span inverse = Doubles.zeros(4);
    kernels.standardize(4, 5, 1e-2f, x, y, inverse);
    Span out = Doubles.zeros(20);
    kernels.standardizeGradient(4, 5, gradient, y, inverse, out);
    assertArrayEquals(Doubles.slopes(x, gradient, standardize), Doubles.values(out), 1e-8);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradientsOfSoftmaxAreItsSlopes(boolean logarithm) {
    var kernels = new ReferenceNormalizationKernels();
    Span x = Doubles.uniform(24, 1);
    Span gradient = Doubles.uniform(24, 2);
    Function<Span, Span> softmax =
        v -> {
          Span out = Doubles.zeros(24);
          kernels.softmax(logarithm, 2, 4, 3, v, out);
          return out;
        };
    Span out = Doubles.zeros(24);
    kernels.softmaxGradient(logarithm, 2, 4, 3, gradient, softmax.apply(x), out);
    assertArrayEquals(Doubles.slopes(x, gradient, softmax), Doubles.values(out), 1e-8);
  }
}
