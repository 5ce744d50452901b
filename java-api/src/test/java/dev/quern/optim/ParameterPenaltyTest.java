package dev.quern.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ParameterPenaltyTest {
  private final Engine engine = Engine.open("reference");
  private final ParameterStore store =
      ParameterStore.builder(engine)
          .add("a", new float[] {1, -2, 0, 0.5f, -0.25f}, 5)
          .add("b", new float[] {3}, 1)
          .build();

  @AfterEach
  void close() {
    store.close();
    engine.close();
  }

  @Test
  void l1() {
    ParameterPenalty penalty = ParameterPenalty.l1(store, 0.5);
    assertEquals(0.5f * 6.75f, penalty.value().item());
    store.gradient("a").fill(1);
    penalty.addGradient();
    assertArrayEquals(new float[] {1.5f, 0.5f, 1, 1.5f, 0.5f}, store.gradient("a").toFloatArray());
    assertArrayEquals(new float[] {0.5f}, store.gradient("b").toFloatArray());
  }

  @Test
  void l2() {
    ParameterPenalty penalty = ParameterPenalty.l2(store, 0.5);
    assertEquals(0.25f * 14.3125f, penalty.value().item());
    store.gradient("b").fill(1);
    penalty.addGradient(8);
    assertArrayEquals(new float[] {4, -8, 0, 2, -1}, store.gradient("a").toFloatArray());
    assertArrayEquals(new float[] {13}, store.gradient("b").toFloatArray());
  }

  @Test
  void someParameters() {
    ParameterPenalty penalty = ParameterPenalty.l2(store, List.of("b"), 2);
    assertEquals(9, penalty.value().item());
    ParameterPenalty.l1(store, List.of("b"), 2).addGradient();
    assertArrayEquals(new float[5], store.gradient("a").toFloatArray());
    assertArrayEquals(new float[] {2}, store.gradient("b").toFloatArray());
    assertThrows(IllegalArgumentException.class, () -> ParameterPenalty.l1(store, List.of("c"), 1));
  }

  /** The gradient is the slope of the value. */
  @Test
  void gradientsAreSlopes() {
    List<Function<ParameterStore, ParameterPenalty>> kinds =
        List.of(s -> ParameterPenalty.l1(s, 0.3), s -> ParameterPenalty.l2(s, 0.3));
    for (var kind : kinds) {
      ParameterPenalty penalty = kind.apply(store);
      store.zeroGradients();
      penalty.addGradient();
      float slope = store.gradient("b").item();
      store.parameter("b").fill(3.125);
      float above = penalty.value().item();
      store.parameter("b").fill(2.875);
      float below = penalty.value().item();
      store.parameter("b").fill(3);
      assertEquals(slope, (above - below) / 0.25f, 1e-5f);
    }
  }

  @Test
  void aStepLeavesNothingBehind() {
    ParameterPenalty penalty = ParameterPenalty.l1(store, 1);
    long before = engine.memory().live();
    engine.scoped(() -> {
      penalty.addGradient();
      return penalty.value().item();
    });
    assertEquals(before, engine.memory().live());
  }

  @Test
  void checksRanges() {
    for (double bad : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> ParameterPenalty.l1(store, bad));
      assertThrows(IllegalArgumentException.class, () -> ParameterPenalty.l2(store, bad));
    }
    ParameterPenalty penalty = ParameterPenalty.l1(store, 1);
    assertThrows(IllegalArgumentException.class, () -> penalty.addGradient(0));
  }
}
