package dev.quern.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quern.Engine;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The trajectories are PyTorch 2.11's in double. */
class AdamTest {
  private static final float[] GRADIENTS = {0.5f, -0.3f, 0.01f, 2};

  private static void check(AdamOptions options, double... expected) {
    float[] w = {1};
    float[] m = new float[1];
    float[] v = new float[1];
    float[] max = new float[1];
    try (Engine engine = Engine.open("reference");
        ParameterStore store = ParameterStore.builder(engine).add("w", w, 1).build();
        Adam adam = Adam.builder(store).options(options).build()) {
      for (int k = 0; k < GRADIENTS.length; k++) {
        float[] g = {GRADIENTS[k]};
        if (options.amsgrad()) {
          Adam.step(w, g, m, v, max, k, options);
        } else {
          Adam.step(w, g, m, v, k, options);
        }
        store.gradient("w").copyFrom(g);
        adam.step();
        assertEquals(expected[k], w[0], 3e-7, "step " + k);
        assertArrayEquals(w, store.parameter("w").toFloatArray());
      }
      assertArrayEquals(new long[] {4}, adam.steps());
    }
  }

  @Test
  void plain() {
    check(
        new AdamOptions().withLr(0.1), 0.900000002, 0.880850198942, 0.864953179800, 0.805517089124);
  }

  @Test
  void weightDecay() {
    check(
        new AdamOptions().withLr(0.1).withWeightDecay(0.1),
        0.900000001667,
        0.861352997210,
        0.822254234456,
        0.757284624590);
  }

  @Test
  void decoupledWeightDecay() {
    check(
        new AdamOptions().withLr(0.1).withDecoupledWeightDecay(0.1),
        0.890000002,
        0.861950198922,
        0.837433677790,
        0.769623250337);
  }

  @Test
  void amsgrad() {
    check(
        new AdamOptions().withLr(0.1).withAmsgrad(true),
        0.900000002,
        0.880850198942,
        0.864958789782,
        0.805522699106);
  }

  @Test
  void maximize() {
    check(
        new AdamOptions().withLr(0.1).withMaximize(true),
        1.099999998,
        1.119149801058,
        1.135046820200,
        1.194482910876);
  }

  @Test
  void largeEps() {
    check(
        new AdamOptions().withLr(0.1).withEps(1e-3),
        0.900199600798,
        0.881096135439,
        0.865246207516,
        0.805867084754);
  }

  @Test
  void nonFiniteStepsChangeNothing() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("a", filled(40, 1), 40)
                .add("b", filled(3, 2), 3)
                .build();
        Adam adam = Adam.builder(store).skipNonFinite(true).build()) {
      store.gradient("a").fill(0.5);
      store.gradient("b").copyFrom(new float[] {1, Float.NaN, 1});
      adam.step();
      assertArrayEquals(filled(40, 1), store.parameter("a").toFloatArray());
      assertArrayEquals(new float[40], adam.expAvg("a").toFloatArray());
      assertArrayEquals(new long[2], adam.steps());
      assertEquals(0, adam.control().toFloatArray()[2]);
      store.gradient("b").fill(0);
      adam.step();
      assertArrayEquals(new long[] {1, 1}, adam.steps());
    }
  }

  @Test
  void clipsByTheCommonNorm() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("a", new float[1], 1)
                .add("b", new float[1], 1)
                .build();
        Adam adam = Adam.builder(store).clipNorm(1).build()) {
      store.gradient("a").fill(3);
      store.gradient("b").fill(4);
      adam.step();
      float[] control = adam.control().toFloatArray();
      assertEquals(5, control[0]);
      assertEquals(1 / 5.000001, control[1], 1e-7);
      assertEquals(0.1 * 0.6, adam.expAvg("a").item(), 1e-7);
    }
  }

  @Test
  void inactiveParametersAreSkippedWholly() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("a", filled(2, 1), 2)
                .add("b", filled(2, 1), 2)
                .build();
        Adam adam =
            Adam.builder(store).options(new AdamOptions().withDecoupledWeightDecay(0.5)).build()) {
      store.gradient("a").fill(1);
      store.gradient("b").fill(1);
      adam.setActive("b", false);
      adam.step();
      assertArrayEquals(filled(2, 1), store.parameter("b").toFloatArray());
      assertArrayEquals(new long[] {1, 0}, adam.steps());
      adam.setSteps(new long[] {7, 3});
      assertArrayEquals(new long[] {7, 3}, adam.steps());
    }
  }

  @Test
  void groupsHaveTheirOwnOptions() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("a", new float[1], 1)
                .add("b", new float[1], 1)
                .build()) {
      ParameterGroup<AdamOptions> first =
          new ParameterGroup<>(List.of("a"), new AdamOptions().withLr(0.1));
      ParameterGroup<AdamOptions> second =
          new ParameterGroup<>(List.of("b"), new AdamOptions().withLr(0));
      try (Adam adam = Adam.builder(store).groups(List.of(first, second)).build()) {
        store.gradient("a").fill(1);
        store.gradient("b").fill(1);
        adam.step();
        assertEquals(-0.1, store.parameter("a").item(), 1e-6);
        assertEquals(0, store.parameter("b").item());
        adam.setLearningRate(1, 0.2);
        adam.step();
        assertEquals(-0.2, store.parameter("b").item(), 1e-6);
      }
      Adam.Builder missing = Adam.builder(store).groups(List.of(first));
      assertThrows(IllegalArgumentException.class, missing::build);
      Adam.Builder twice = Adam.builder(store).groups(List.of(first, second, first));
      assertThrows(IllegalArgumentException.class, twice::build);
    }
  }

  @Test
  void checksRanges() {
    AdamOptions options = new AdamOptions();
    assertThrows(IllegalArgumentException.class, () -> options.withLr(-1));
    assertThrows(IllegalArgumentException.class, () -> options.withLr(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> options.withBetas(1, 0.9));
    assertThrows(IllegalArgumentException.class, () -> options.withEps(-1e-9));
    assertThrows(IllegalArgumentException.class, () -> options.withWeightDecay(-1));
    float[] one = new float[1];
    assertThrows(
        IllegalArgumentException.class, () -> Adam.step(one, new float[2], one, one, 0, options));
    assertThrows(
        IllegalArgumentException.class,
        () -> Adam.step(one, one, one, one, 0, options.withAmsgrad(true)));
  }

  private static float[] filled(int n, float value) {
    float[] array = new float[n];
    Arrays.fill(array, value);
    return array;
  }
}
