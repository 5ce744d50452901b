package dev.quern.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Stores of tensors that the caller owns. */
class ParameterStoreTest {
  private final Engine engine = Engine.open("reference");

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void stepsChangeTheCallersTensors() {
    Tensor all = engine.tensor(new float[] {1, 1, 1, 1, 1, 1, 1}, 7);
    Tensor weight = all.slice(1, 4);
    Tensor gradient = engine.tensor(new float[] {1, -1, 0}, 3);
    try (ParameterStore store = ParameterStore.builder(engine).add("w", weight, gradient).build();
        Adam adam =
            Adam.builder(store).options(new AdamOptions().withLr(0.5)).emaDecay(0.5).build()) {
      adam.step();
      assertArrayEquals(new float[] {1, 0.5f, 1.5f, 1, 1, 1, 1}, all.toFloatArray(), 1e-6f);
      assertArrayEquals(new float[] {0.75f, 1.25f, 1}, adam.ema("w").toFloatArray(), 1e-6f);
      assertEquals(0.5f * 3, ParameterPenalty.l1(store, 0.5).value().item(), 1e-6f);
      store.zeroGradients();
      assertArrayEquals(new float[3], gradient.toFloatArray());
    }
    assertEquals(7, all.toFloatArray().length);
  }

  @Test
  void theMemoryLivesAsLongAsTheStore() {
    Tensor weight = engine.tensor(new float[] {1}, 1);
    Tensor gradient = engine.tensor(new float[] {1}, 1);
    long live = engine.memory().live();
    ParameterStore store = ParameterStore.builder(engine).add("w", weight, gradient).build();
    Sgd sgd = Sgd.builder(store).options(new SgdOptions().withLr(1)).build();
    weight.close();
    gradient.close();
    sgd.step();
    assertEquals(0, store.parameter("w").item());
    sgd.close();
    store.close();
    assertTrue(engine.memory().live() < live);
  }

  @Test
  void refusesWhatItCannotReach() {
    Tensor w = engine.zeros(DType.F32, Shape.of(2));
    try (Engine other = Engine.open("reference")) {
      Tensor elsewhere = other.zeros(DType.F32, Shape.of(2));
      refused("different engines", () -> ParameterStore.builder(engine).add("w", w, elsewhere));
    }
    Tensor bytes = engine.zeros(DType.U8, Shape.of(2));
    refused("F32", () -> ParameterStore.builder(engine).add("w", w, bytes));
    Tensor longer = engine.zeros(DType.F32, Shape.of(3));
    refused("(3)", () -> ParameterStore.builder(engine).add("w", w, longer));
    refused("already", () -> ParameterStore.builder(engine).add("w", w, w).add("w", w, w));
    var mixed = ParameterStore.builder(engine).add("w", w, w).add("v", new float[1], 1);
    assertThrows(IllegalStateException.class, mixed::build);
  }

  private static void refused(String named, Executable call) {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    assertTrue(message.contains(named) && message.endsWith("."), message);
  }
}
