package dev.quern.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SgdTest {
  private static final float[] GRADIENTS = {0.5f, -0.3f, 0.01f, 2};

  /** Compares arrays and store with the textbook recursion in double. */
  private static void check(SgdOptions options) {
    float[] w = {1};
    float[] buffer = new float[1];
    double theta = 1;
    double momentum = 0;
    try (Engine engine = Engine.open("reference");
        ParameterStore store = ParameterStore.builder(engine).add("w", w, 1).build();
        Sgd sgd = Sgd.builder(store).options(options).build()) {
      for (int k = 0; k < GRADIENTS.length; k++) {
        double g = (options.maximize() ? -1 : 1) * (double) GRADIENTS[k];
        g += options.weightDecay() * theta;
        momentum = k == 0 ? g : options.momentum() * momentum + (1 - options.dampening()) * g;
        double direction = options.momentum() == 0 ? g : momentum;
        theta -=
            options.lr() * (options.nesterov() ? g + options.momentum() * momentum : direction);

        float[] gradient = {GRADIENTS[k]};
        if (options.momentum() == 0) {
          Sgd.step(w, gradient, options);
        } else {
          Sgd.step(w, gradient, buffer, k, options);
        }
        store.gradient("w").copyFrom(gradient);
        sgd.step();
        assertEquals(theta, w[0], 3e-7, "step " + k);
        assertArrayEquals(w, store.parameter("w").toFloatArray());
      }
      assertArrayEquals(new long[] {4}, sgd.steps());
      if (options.momentum() > 0) {
        assertEquals(momentum, sgd.momentumBuffer("w").item(), 3e-7);
      }
    }
  }

  @Test
  void plain() {
    check(new SgdOptions().withLr(0.1).withWeightDecay(0.1));
  }

  @Test
  void momentum() {
    check(new SgdOptions().withLr(0.1).withMomentum(0.9).withWeightDecay(0.1));
  }

  @Test
  void theFirstStepIsNotDampened() {
    check(new SgdOptions().withLr(0.1).withMomentum(0.9, 0.5).withMaximize(true));
  }

  @Test
  void nesterov() {
    check(new SgdOptions().withLr(0.1).withNesterovMomentum(0.9).withWeightDecay(0.01));
  }

  @Test
  void aParameterStartsLateWithItsGradient() {
    try (Engine engine = Engine.open("reference");
        ParameterStore store =
            ParameterStore.builder(engine)
                .add("a", new float[1], 1)
                .add("b", new float[1], 1)
                .build();
        Sgd sgd =
            Sgd.builder(store)
                .groups(
                    List.of(
                        new ParameterGroup<>(List.of("a"), new SgdOptions().withLr(1)),
                        new ParameterGroup<>(
                            List.of("b"), new SgdOptions().withLr(1).withMomentum(0.5, 0.5))))
                .clipValue(2)
                .build()) {
      store.gradient("a").fill(1);
      store.gradient("b").fill(3);
      sgd.setActive("b", false);
      sgd.step();
      assertEquals(-1, store.parameter("a").item());
      assertEquals(0, store.parameter("b").item());
      sgd.setActive("b", true);
      sgd.step();
      // its first step: clipped to 2 and not dampened
      assertEquals(-2, store.parameter("b").item());
      assertArrayEquals(new long[] {2, 1}, sgd.steps());
    }
  }

  @Test
  void checksRanges() {
    SgdOptions options = new SgdOptions();
    for (double bad : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused("lr", () -> options.withLr(bad));
      refused("momentum", () -> options.withMomentum(bad));
      refused("weightDecay", () -> options.withWeightDecay(bad));
    }
    refused("dampening", () -> options.withMomentum(0.9, Double.NaN));
    refused("nesterov", () -> options.withNesterovMomentum(0));
    refused("nesterov", () -> new SgdOptions(0.1, 0.9, 0.1, true, 0, false));
    float[] one = new float[1];
    refused("gradients", () -> Sgd.step(one, new float[2], options));
    refused("momentum", () -> Sgd.step(one, one, options.withMomentum(0.9)));
    refused("buffer", () -> Sgd.step(one, one, new float[2], 0, options.withMomentum(0.9)));
    refused("step", () -> Sgd.step(one, one, one, -1, options.withMomentum(0.9)));
    try (Engine engine = Engine.open("reference");
        ParameterStore store = ParameterStore.builder(engine).add("w", one, 1).build();
        Sgd sgd = Sgd.builder(store).build()) {
      refused("momentum", () -> sgd.setOptions(0, options.withMomentum(0.9)));
      assertThrows(IllegalStateException.class, () -> sgd.momentumBuffer("w"));
    }
  }

  @Test
  void refusesWhatF32CannotHold() {
    SgdOptions options = new SgdOptions();
    refused("lr is 1.0E39", () -> options.withLr(1e39));
    refused("momentum is 1.0E-50", () -> options.withMomentum(1e-50));
    refused("momentum is 1.0E39", () -> options.withMomentum(1e39));
    refused("dampening is 1.0E39", () -> options.withMomentum(0.9, -1e39));
    refused("weightDecay is 1.0E-50", () -> options.withWeightDecay(1e-50));
    refused("weightDecay is 1.0E39", () -> options.withWeightDecay(1e39));
  }

  private static void refused(String named, Executable call) {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    assertTrue(message.contains(named) && message.endsWith("."), message);
  }
}
