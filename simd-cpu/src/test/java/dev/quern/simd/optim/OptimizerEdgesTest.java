package dev.quern.simd.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.LossResult;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.DynamicLossScale;
import dev.quern.optim.ParameterGroup;
import dev.quern.optim.Sgd;
import dev.quern.optim.SgdOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Optimizers where F32 ends: expected values are f64 formulas by hand. */
class OptimizerEdgesTest {
  private static final SgdOptions UNIT_RATE = new SgdOptions().withLr(1);

  /** Takes one step of SGD from 0 and returns the weights. */
  private static float[] sgdStep(
      String backend, float[] gradients, UnaryOperator<Sgd.Builder> settings) {
    try (Engine engine = Engine.open(backend);
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("w", new float[gradients.length], gradients.length)
                .build();
        Sgd sgd = settings.apply(Sgd.builder(store).options(UNIT_RATE)).build()) {
      store.gradient("w").copyFrom(gradients);
      sgd.step();
      return store.parameter("w").toFloatArray();
    }
  }

  private static void assertAll(double expected, float[] actual, double relative) {
    for (float value : actual) {
      assertEquals(expected, value, Math.abs(expected) * relative);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void aNormThatOverflowsErasesNoGradient(String backend) {
    for (int n : new int[] {4, 10_000}) {
      float[] gradients = new float[n];
      Arrays.fill(gradients, 2e38f);
      float[] w = sgdStep(backend, gradients, b -> b.clipNorm(1));
      assertAll(-1 / Math.sqrt(n), w, 1e-6);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void aBoundAboveF32ClipsAndSkips(String backend) {
    float[] gradients = new float[16];
    Arrays.fill(gradients, 3e38f);
    // the norm is 1.2e39
    assertAll(-2.5e38, sgdStep(backend, gradients, b -> b.clipNorm(1e39)), 1e-6);
    gradients[3] = Float.POSITIVE_INFINITY;
    assertArrayEquals(new float[16], sgdStep(backend, gradients, b -> b.clipNorm(1e39)));
    gradients[3] = 3e38f;
    assertAll(-3e38, sgdStep(backend, gradients, b -> b.clipValue(1e39)), 1e-6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void subnormalGradientsPassTheBound(String backend) {
    float[] gradients = {1e-40f, -3e-42f, Float.MIN_VALUE, 0};
    float[] w = sgdStep(backend, gradients, b -> b.clipNorm(1));
    assertArrayEquals(new float[] {-1e-40f, 3e-42f, -Float.MIN_VALUE, 0}, w);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void aTinyBoundIsMet(String backend) {
    float[] gradients = {3e20f, -4e20f};
    float[] w = sgdStep(backend, gradients, b -> b.clipNorm(1e-30));
    assertEquals(-6e-31, w[0], 6e-37);
    assertEquals(8e-31, w[1], 8e-37);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void theGreatestLossScaleLosesNoDigits(String backend) {
    double scale = 0x1p126;
    float[] gradients = {(float) (1.2345678 * scale), (float) (-0.7654321 * scale)};
    double norm = Math.hypot(1.2345678, 0.7654321);
    float[] clipped = sgdStep(backend, gradients, b -> b.lossScale(scale).clipNorm(1e-3));
    assertEquals(-1.2345678e-3 / (norm + 1e-6), clipped[0], 2e-10);
    assertEquals(0.7654321e-3 / (norm + 1e-6), clipped[1], 2e-10);
    float[] whole = sgdStep(backend, gradients, b -> b.lossScale(scale));
    assertArrayEquals(new float[] {-1.2345678f, 0.7654321f}, whole);
    float[] byValue = sgdStep(backend, gradients, b -> b.lossScale(scale).clipValue(1));
    assertArrayEquals(new float[] {-1, 0.7654321f}, byValue);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-38, 1e-42, 1e-46, 1e-100, 1e-300, Double.MIN_VALUE})
  void anEpsBelowF32LeavesWeightsWithoutGradient(double eps) {
    AdamOptions options = new AdamOptions().withEps(eps);
    float[] expected = {1, -2, 0, 3, 5};
    for (String backend : List.of("reference", "simd")) {
      try (Engine engine = Engine.open(backend);
          ParameterStore store = ParameterStore.builder(engine).add("w", expected, 5).build();
          Adam adam = Adam.builder(store).options(options).build()) {
        adam.step();
        assertArrayEquals(expected, store.parameter("w").toFloatArray());
        store.gradient("w").fill(0.5);
        adam.step();
        // m = 0.05 and v = 2.5e-4 before bias correction by 0.19 and 0.001999
        double step = 1e-3 * (0.05 / 0.19) / Math.sqrt(2.5e-4 / 0.001999);
        assertEquals(1 - step, store.parameter("w").toFloatArray()[0], 1e-7);
      }
    }
    float[] w = expected.clone();
    Adam.step(w, new float[5], new float[5], new float[5], 0, options);
    assertArrayEquals(expected, w);
    MemorySegment segment = MemorySegment.ofArray(expected.clone());
    MemorySegment zeros = MemorySegment.ofArray(new float[5]);
    MemorySegment m = MemorySegment.ofArray(new float[5]);
    MemorySegment v = MemorySegment.ofArray(new float[5]);
    Adam.step(segment, zeros, m, v, 0, options);
    assertArrayEquals(expected, segment.toArray(ValueLayout.JAVA_FLOAT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void aLearningRateBelowF32MovesByLargeGradients(String backend) {
    float[] gradients = {1e38f, -2e38f, 0};
    List<SgdOptions> kinds =
        List.of(
            new SgdOptions(),
            new SgdOptions().withMomentum(0.5),
            new SgdOptions().withNesterovMomentum(0.5));
    for (double lr : new double[] {1e-39, 1e-42, 1e-60}) {
      for (SgdOptions kind : kinds) {
        float[] w = sgdStep(backend, gradients, b -> b.options(kind.withLr(lr)));
        double factor = kind.nesterov() ? 1.5 : 1;
        assertEquals(-lr * 1e38 * factor, w[0], lr * 1e38 * 2e-7);
        assertEquals(lr * 2e38 * factor, w[1], lr * 2e38 * 2e-7);
        float[] array = new float[3];
        if (kind.momentum() > 0) {
          Sgd.step(array, gradients, new float[3], 0, kind.withLr(lr));
        } else {
          Sgd.step(array, gradients, kind.withLr(lr));
        }
        assertArrayEquals(w, array);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void momentumThatIsSwitchedOnLaterStartsUndampened(String backend) {
    SgdOptions damped = UNIT_RATE.withMomentum(0.9, 0.5);
    try (Engine engine = Engine.open(backend);
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("a", new float[3], 3)
                .add("b", new float[2], 2)
                .add("c", new float[1], 1)
                .build();
        Sgd sgd =
            Sgd.builder(store)
                .skipNonFinite(true)
                .groups(
                    List.of(
                        new ParameterGroup<>(List.of("a", "b"), UNIT_RATE),
                        new ParameterGroup<>(List.of("c"), damped)))
                .build()) {
      store.gradient("a").fill(1);
      store.gradient("b").fill(1);
      sgd.step();
      sgd.setOptions(0, damped);
      store.gradient("c").fill(Float.NaN);
      sgd.step();
      // skipped: no buffer was filled
      assertArrayEquals(new boolean[] {false, false, true}, sgd.buffered());
      assertArrayEquals(new long[] {1, 1, 1}, sgd.steps());
      store.gradient("c").fill(0);
      sgd.setActive("b", false);
      sgd.step();
      // the buffer is the gradient
      assertArrayEquals(new float[] {-2, -2, -2}, store.parameter("a").toFloatArray());
      sgd.setActive("b", true);
      sgd.step();
      // 0.9 x 1 + 0.5 x 1
      assertAll(-3.4, store.parameter("a").toFloatArray(), 1e-7);
      assertAll(-2, store.parameter("b").toFloatArray(), 0);
      // off and on again: the buffer is what it was, as in PyTorch
      sgd.setOptions(0, UNIT_RATE);
      sgd.step();
      sgd.setOptions(0, damped);
      sgd.step();
      assertAll(-3.4 - 1 - (0.9 * 1.4 + 0.5), store.parameter("a").toFloatArray(), 1e-6);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void aDecayBelowTheRoundingOfWeightsDecaysOnAverage(String backend) {
    int steps = 20_000;
    int n = 64;
    double lr = 1e-4;
    double decay = 1e-4;
    float[] start = new float[n];
    Arrays.fill(start, 1);
    AdamOptions options = new AdamOptions().withLr(lr).withDecoupledWeightDecay(decay);
    double withDecay = 0;
    double withoutDecay = 0;
    double actual = 0;
    try (Engine engine = Engine.open(backend);
        ParameterStore store = ParameterStore.builder(engine).add("w", start, n).build();
        Adam adam = Adam.builder(store).options(options).build()) {
      Random random = new Random(3);
      double[] m = new double[n];
      double[] v = new double[n];
      double[] w = new double[n];
      double[] u = new double[n];
      Arrays.fill(w, 1);
      Arrays.fill(u, 1);
      float[] g = new float[n];
      for (int k = 1; k <= steps; k++) {
        for (int i = 0; i < n; i++) {
          g[i] = (float) random.nextGaussian();
          m[i] = 0.9 * m[i] + 0.1 * g[i];
          v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
          double root = Math.sqrt(v[i] / (1 - Math.pow(0.999, k))) + 1e-8;
          double step = lr * m[i] / (1 - Math.pow(0.9, k)) / root;
          w[i] -= lr * decay * w[i] + step;
          u[i] -= step;
        }
        store.gradient("w").copyFrom(g);
        adam.step();
      }
      float[] weights = store.parameter("w").toFloatArray();
      for (int i = 0; i < n; i++) {
        withDecay += w[i] / n;
        withoutDecay += u[i] / n;
        actual += weights[i] / (double) n;
      }
    }
    double gap = withoutDecay - withDecay;
    assertEquals(steps * lr * decay, gap, 0.1 * gap);
    assertEquals(withDecay, actual, 0.1 * gap);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void anOverflowingStepHalvesTheScaleAndChangesNothingElse(String backend) {
    DynamicLossScale scale = new DynamicLossScale().withInitial(0x1p125).withGrowth(2, 3);
    float[] weights = {0.5f, -0.25f};
    try (Engine engine = Engine.open(backend);
        ParameterStore store = ParameterStore.builder(engine).add("w", weights, 2, 1).build();
        Adam adam = Adam.builder(store).lossScale(scale).emaDecay(0.5).build()) {
      Tensor features = engine.tensor(new float[] {1000, 1, 0, 2}, 2, 2);
      Tensor target = engine.tensor(new byte[] {0, 1}, 2, 1);
      Runnable step =
          () ->
              engine.scoped(() -> {
                Tensor logits = features.matmul(store.parameter("w"));
                LossResult loss = new BceLoss().forwardBackward(logits, target, adam.lossScale());
                store.gradient("w").copyFrom(features.matmul(loss.gradient(), true, false));
                adam.step();
                return loss.value().item();
              });
      // 1000 x 1/2 x 2^125 is 2^134
      double expected = 0x1p125;
      while (expected > 0x1p119) {
        step.run();
        expected /= 2;
        assertEquals(new DynamicLossScale.State(expected, 0), adam.lossScaleState());
        assertArrayEquals(weights, store.parameter("w").toFloatArray());
        assertArrayEquals(weights, adam.ema("w").toFloatArray());
        assertArrayEquals(new float[2], adam.expAvg("w").toFloatArray());
        assertArrayEquals(new long[1], adam.steps());
        assertEquals(0, adam.control().toFloatArray()[2]);
      }
      step.run();
      assertEquals(new DynamicLossScale.State(expected, 1), adam.lossScaleState());
      assertArrayEquals(new long[] {1}, adam.steps());
      // the unscaled gradient is 1000 x 1/2 x sigmoid(499.75) and -sigmoid(0.5), about
      assertEquals(0.1 * 500, adam.expAvg("w").toFloatArray()[0], 1e-4);
      step.run();
      assertEquals(new DynamicLossScale.State(expected, 2), adam.lossScaleState());
    }
  }

  /** PyTorch's GradScaler moves its scale by the same numbers. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void theScaleGrowsAfterTheIntervalBetweenItsLimits(String backend) {
    DynamicLossScale settings =
        new DynamicLossScale().withInitial(8).withGrowth(2, 3).withBackoff(0.25).withLimits(2, 20);
    String steps = "fffnfffffffffnnnffnfff";
    double[] scales = {8, 8, 16, 4, 4, 4, 8, 8, 8, 16, 16, 16, 20, 5, 2, 2, 2, 2, 2, 2, 2, 4};
    try (Engine engine = Engine.open(backend);
        ParameterStore store = ParameterStore.builder(engine).add("w", new float[5], 5).build();
        Adam adam = Adam.builder(store).lossScale(settings).build();
        Adam second = Adam.builder(store).lossScale(settings).build()) {
      for (int i = 0; i < scales.length; i++) {
        store.gradient("w").fill(steps.charAt(i) == 'n' ? Float.NEGATIVE_INFINITY : 1);
        if (i == 8) {
          second.setLossScaleState(adam.lossScaleState());
        }
        adam.step();
        assertEquals(scales[i], adam.lossScale().item(), "step " + i);
        if (i >= 8) {
          second.step();
          assertEquals(adam.lossScaleState(), second.lossScaleState());
        }
      }
      assertThrows(
          IllegalArgumentException.class,
          () -> adam.setLossScaleState(new DynamicLossScale.State(1, 0)));
      assertThrows(IllegalArgumentException.class, () -> adam.setLossScale(21));
      assertTrue(adam.hasDynamicLossScale());
    }
  }

  @Test
  void aScaleThatStaysHasNoState() {
    try (Engine engine = Engine.open("simd");
        ParameterStore store = ParameterStore.builder(engine).add("w", new float[1], 1).build();
        Sgd sgd = Sgd.builder(store).lossScale(1024).build()) {
      assertFalse(sgd.hasDynamicLossScale());
      store.gradient("w").fill(Float.NaN);
      sgd.step();
      assertEquals(1024, sgd.lossScale().item());
      assertThrows(IllegalStateException.class, sgd::lossScaleState);
    }
  }
}
