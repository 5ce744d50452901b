package dev.quern.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

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
  void l1IsASubGradientThatLeavesZerosAlone() {
    float[] gradients = {0.25f, 0.25f, 0};
    try (Engine engine = Engine.open("reference");
        ParameterStore store =
            ParameterStore.builder(engine).add("w", new float[] {2, -2, 0}, 3).build();
        Adam adam = Adam.builder(store).options(new AdamOptions().withL1(0.5)).build()) {
      store.gradient("w").copyFrom(gradients);
      adam.step();
      // (1 - beta1) * (gradient + l1 * sign(w))
      assertArrayEquals(new float[] {0.075f, -0.025f, 0}, adam.expAvg("w").toFloatArray(), 1e-8f);
      assertEquals(0, store.parameter("w").toFloatArray()[2]);
    }
  }

  @Test
  void proximalL1MakesExactZeros() {
    AdamOptions options = new AdamOptions().withLr(0.1).withProximalL1(1);
    float[] w = {0.05f, -0.05f, 1, -1, Float.NaN};
    float[] zero = new float[5];
    Adam.step(w, zero.clone(), zero.clone(), zero.clone(), 0, options);
    assertArrayEquals(new float[] {0, 0, 0.9f, -0.9f, Float.NaN}, w, 1e-7f);
  }

  @Test
  void clipsByValueAfterClippingByNorm() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store = ParameterStore.builder(engine).add("w", new float[3], 3).build();
        Adam adam = Adam.builder(store).clipNorm(1).clipValue(0.5).build()) {
      store.gradient("w").copyFrom(new float[] {30, -40, 0});
      adam.step();
      // the norm brings them to 0.6 and -0.8, the value to 0.5 and -0.5
      assertArrayEquals(new float[] {0.05f, -0.05f, 0}, adam.expAvg("w").toFloatArray(), 1e-8f);
    }
  }

  @Test
  void unscalesBeforeItMeasuresTheNorm() {
    float[][] after = new float[2][];
    for (int run = 0; run < 2; run++) {
      float scale = run == 0 ? 1 : 1024;
      try (Engine engine = Engine.open("reference");
          ParameterStore store =
              ParameterStore.builder(engine).add("w", new float[] {1, 2}, 2).build();
          Adam adam = Adam.builder(store).clipNorm(2).lossScale(scale).build()) {
        store.gradient("w").copyFrom(new float[] {3 * scale, 4 * scale});
        adam.step();
        assertEquals(5, adam.control().toFloatArray()[0]);
        adam.setLossScale(2);
        assertEquals(2, adam.lossScale().item());
        store.gradient("w").copyFrom(new float[] {2 * 3, Float.POSITIVE_INFINITY});
        adam.step();
        assertArrayEquals(new long[] {1}, adam.steps());
        after[run] = store.parameter("w").toFloatArray();
      }
    }
    assertArrayEquals(after[0], after[1]);
  }

  @Test
  void averagesAllParametersUnlessTheStepIsSkipped() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("a", filled(3, 1), 3)
                .add("b", filled(2, 4), 2)
                .build();
        Adam adam = Adam.builder(store).emaDecay(0.75).skipNonFinite(true).build()) {
      assertArrayEquals(filled(3, 1), adam.ema("a").toFloatArray());
      adam.setActive("b", false);
      store.gradient("a").fill(1);
      store.parameter("b").fill(8);
      adam.step();
      float a = store.parameter("a").toFloatArray()[0];
      assertArrayEquals(filled(3, 0.75f + 0.25f * a), adam.ema("a").toFloatArray(), 1e-7f);
      assertArrayEquals(filled(2, 5), adam.ema("b").toFloatArray());
      store.gradient("a").fill(Float.NaN);
      adam.step();
      assertArrayEquals(filled(2, 5), adam.ema("b").toFloatArray());
    }
  }

  @Test
  void segmentsOfAnyMemoryGiveTheBitsOfArrays() {
    AdamOptions options = new AdamOptions().withLr(0.1).withAmsgrad(true).withL1(0.01);
    int n = 5003;
    float[] w = filled(n, 1);
    float[] g = new float[n];
    for (int i = 0; i < n; i++) {
      g[i] = (i % 17 - 8) / 8f;
    }
    float[] m = new float[n];
    float[] v = new float[n];
    float[] max = new float[n];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment heap = MemorySegment.ofArray(filled(n, 1));
      MemorySegment bytes = MemorySegment.ofArray(new byte[4 * n]);
      MemorySegment odd = arena.allocate(4L * n + 1, 64).asSlice(1);
      MemorySegment expAvg = arena.allocate(4L * n, 64);
      for (int step = 0; step < 3; step++) {
        Adam.step(w, g, m, v, max, step, options);
        MemorySegment gradients = MemorySegment.ofArray(g).asReadOnly();
        Adam.step(heap, gradients, expAvg, bytes, odd, step, options);
      }
      assertArrayEquals(w, heap.toArray(ValueLayout.JAVA_FLOAT));
      assertArrayEquals(max, odd.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
      AdamOptions plain = new AdamOptions();
      refused("bytes", () -> Adam.step(heap.asSlice(1, 6), heap, heap, heap, 0, plain));
      refused("parameters", () -> Adam.step(heap, heap.asSlice(4), heap, heap, 0, plain));
      refused("read-only", () -> Adam.step(heap.asReadOnly(), heap, heap, heap, 0, plain));
    }
  }

  @Test
  void optionsChangeAsAWhole() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store = ParameterStore.builder(engine).add("w", new float[1], 1).build();
        Adam adam = Adam.builder(store).build()) {
      adam.setOptions(0, new AdamOptions().withLr(0.5).withBetas(0, 0));
      store.gradient("w").fill(3);
      adam.step();
      assertEquals(-0.5, store.parameter("w").item(), 1e-6);
      refused("amsgrad", () -> adam.setOptions(0, new AdamOptions().withAmsgrad(true)));
    }
  }

  private static void refused(String named, Executable call) {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    assertTrue(message.contains(named) && message.endsWith("."), message);
  }

  @Test
  void checksRanges() {
    AdamOptions options = new AdamOptions();
    for (double bad : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused("lr", () -> options.withLr(bad));
      refused("beta1", () -> options.withBetas(bad, 0.9));
      refused("beta2", () -> options.withBetas(0.9, bad));
      refused("eps", () -> options.withEps(bad));
      refused("weightDecay", () -> options.withWeightDecay(bad));
      refused("weightDecay", () -> options.withDecoupledWeightDecay(bad));
      refused("l1", () -> options.withL1(bad));
      refused("l1", () -> options.withProximalL1(bad));
    }
    refused("beta1", () -> options.withBetas(1, 0.9));
    refused("beta2", () -> options.withBetas(0.9, 1));
    try (Engine engine = Engine.open("reference");
        ParameterStore store = ParameterStore.builder(engine).add("w", new float[1], 1).build();
        Adam adam = Adam.builder(store).lossScale(1).build()) {
      for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
        refused("clipNorm", () -> Adam.builder(store).clipNorm(bad));
        refused("clipValue", () -> Adam.builder(store).clipValue(bad));
        refused("lossScale", () -> Adam.builder(store).lossScale(bad));
        refused("lossScale", () -> adam.setLossScale(bad));
      }
      for (double bad : new double[] {-1e-9, 1, Double.NaN}) {
        refused("emaDecay", () -> Adam.builder(store).emaDecay(bad));
      }
      refused("lr", () -> adam.setLearningRate(0, Double.NaN));
      refused("Step numbers", () -> adam.setSteps(new long[] {-1}));
      assertThrows(IllegalStateException.class, () -> adam.ema("w"));
      assertThrows(IllegalStateException.class, () -> adam.maxExpAvgSq("w"));
    }
    float[] one = new float[1];
    assertThrows(
        IllegalArgumentException.class, () -> Adam.step(one, new float[2], one, one, 0, options));
    assertThrows(
        IllegalArgumentException.class,
        () -> Adam.step(one, one, one, one, 0, options.withAmsgrad(true)));
  }

  /** What F32 would turn into 0, 1 or infinity is named with the limit and what to give instead. */
  @Test
  void refusesWhatF32CannotHold() {
    AdamOptions options = new AdamOptions();
    refused("lr is 1.0E39, but F32 holds at most 3.4028235E38", () -> options.withLr(1e39));
    refused("lr / (1 - beta1) is 1.89", () -> options.withLr(1.9e37).withBetas(0.99, 0.9));
    // the limits that are named are allowed
    assertEquals(3.4028235E38, new SgdOptions().withLr(3.4028235E38).lr());
    assertEquals(1.1754944E-38, options.withL1(1.1754944E-38).l1());
    assertEquals(0.99999994, options.withBetas(5.9604645E-8, 0.99999994).beta2());
    refused("eps is 1.0E39", () -> options.withEps(1e39));
    for (double small : new double[] {1e-38, 1e-46, 1e-300}) {
      String limit = "is " + small + ", but F32 holds nothing between 0 and 1.1754944E-38";
      refused("weightDecay " + limit, () -> options.withWeightDecay(small));
      refused("weightDecay " + limit, () -> options.withDecoupledWeightDecay(small));
      refused("l1 " + limit, () -> options.withL1(small));
      refused("l1 " + limit, () -> options.withProximalL1(small));
    }
    refused("weightDecay is 1.0E39", () -> options.withWeightDecay(1e39));
    refused("l1 is 1.0E39", () -> options.withL1(1e39));
    refused("lr x weightDecay", () -> options.withLr(1e20).withDecoupledWeightDecay(1e20));
    refused("1 in F32", () -> options.withBetas(0.9, 1 - 1e-9));
    refused("1 in F32", () -> options.withBetas(1 - 1e-12, 0.9));
    refused("leaves 1 of 1", () -> options.withBetas(1e-9, 0.9));
    refused("leaves 1 of 1", () -> options.withBetas(0.9, 1e-300));
    try (Engine engine = Engine.open("reference");
        ParameterStore store = ParameterStore.builder(engine).add("w", new float[1], 1).build();
        Adam adam = Adam.builder(store).build()) {
      refused("clipNorm is 1.0E-50, but F32", () -> Adam.builder(store).clipNorm(1e-50));
      refused("clipValue is 1.0E-50, but F32", () -> Adam.builder(store).clipValue(1e-50));
      refused("1 in F32", () -> Adam.builder(store).emaDecay(1 - 1e-9));
      refused("lambda is 1.0E-50", () -> ParameterPenalty.l1(store, 1e-50));
      refused("lambda x lossScale", () -> ParameterPenalty.l2(store, 1e30).addGradient(1e20));
      refused("lr is 1.0E39", () -> adam.setLearningRate(0, 1e39));
      // a schedule that goes on for long enough ends here
      adam.setLearningRate(0, 1e-300);
    }
    DynamicLossScale scale = new DynamicLossScale();
    assertEquals(new DynamicLossScale(65536, 2, 0.5, 2000, 1, 0x1p126), scale);
    refused("growth", () -> scale.withGrowth(1 + 1e-9, 10));
    refused("interval", () -> scale.withGrowth(2, 0));
    refused("backoff", () -> scale.withBackoff(1 - 1e-9));
    refused("backoff", () -> scale.withBackoff(0));
    refused("initial", () -> scale.withInitial(0.5));
    refused("max", () -> scale.withLimits(2, 0x1p127));
    refused("min", () -> scale.withLimits(0.5, 2));
  }

  @Test
  void optionsOfAllGroupsChangeTogetherOrNotAtAll() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("a", new float[1], 1)
                .add("b", new float[1], 1)
                .build();
        Adam adam =
            Adam.builder(store)
                .groups(
                    List.of(
                        new ParameterGroup<>(List.of("a"), new AdamOptions()),
                        new ParameterGroup<>(List.of("b"), new AdamOptions())))
                .build()) {
      List<ParameterGroup<AdamOptions>> before = adam.groups();
      AdamOptions other = new AdamOptions().withLr(1);
      refused("amsgrad", () -> adam.setOptions(List.of(other, other.withAmsgrad(true))));
      refused("2 groups, but 1 options", () -> adam.setOptions(List.of(other)));
      assertEquals(before, adam.groups());
      adam.setOptions(List.of(other, other.withLr(2)));
      store.gradient("a").fill(1);
      store.gradient("b").fill(1);
      adam.step();
      assertEquals(-1, store.parameter("a").item(), 1e-6);
      assertEquals(-2, store.parameter("b").item(), 1e-6);
    }
  }

  private static float[] filled(int n, float value) {
    float[] array = new float[n];
    Arrays.fill(array, value);
    return array;
  }
}
