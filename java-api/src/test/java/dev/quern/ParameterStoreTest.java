package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.loss.BceLoss;
import dev.quern.op.Convert;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.ParameterPenalty;
import dev.quern.optim.Sgd;
import dev.quern.optim.SgdOptions;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Stores of tensors that the caller owns, and buffers. */
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
  void tensorsInAnotherFormatAreRefused() {
    Tensor weight = engine.zeros(DType.F32, Shape.of(2, 3, 2, 2), MemoryFormat.CHANNELS_LAST);
    Tensor gradient = engine.zeros(DType.F32, Shape.of(2, 3, 2, 2));
    var builder = ParameterStore.builder(engine);
    for (List<Tensor> sides : List.of(List.of(weight, gradient), List.of(gradient, weight))) {
      var refusal =
          assertThrows(
              IllegalArgumentException.class, () -> builder.add("w", sides.get(0), sides.get(1)));
      assertTrue(String.valueOf(refusal.getMessage()).contains("contiguous()"), refusal::toString);
    }
  }

  @Test
  void zeroedGradientsCarryNoFault() {
    try (ParameterStore store =
        ParameterStore.builder(engine).add("w", new float[] {1, 2}, 2).build()) {
      Tensor target = engine.tensor(new byte[] {0, 7}, 2);
      Tensor logits = engine.tensor(new float[2], 2);
      Tensor faulty = new BceLoss().forwardBackward(logits, target).gradient();
      engine.accumulate(new Convert(DType.F32), List.of(faulty), List.of(store.gradient("w")));
      assertThrows(DataException.class, () -> store.gradient("w").toFloatArray());
      store.zeroGradients();
      assertArrayEquals(new float[2], store.gradient("w").toFloatArray());
    }
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

  @Test
  void buffersLieBesideTheParametersAndAreNotOptimized() {
    long live = engine.memory().live();
    float[] mean = {1, 2};
    try (ParameterStore store =
            ParameterStore.builder(engine)
                .add("bn.weight", new float[] {1, 1}, 2)
                .addBuffer("bn.running_mean", mean, 2)
                .addBuffer("bn.num_batches_tracked", new long[] {1L << 40})
                .add("conv.weight", new float[] {3}, 1, 1)
                .build();
        Sgd sgd = Sgd.builder(store).options(new SgdOptions().withLr(1)).build()) {
      mean[0] = 9; // the store has its own
      assertEquals(List.of("bn.weight", "conv.weight"), store.names());
      assertEquals(List.of("bn.running_mean", "bn.num_batches_tracked"), store.bufferNames());
      assertEquals(
          List.of("bn.weight", "bn.running_mean", "bn.num_batches_tracked", "conv.weight"),
          List.copyOf(store.state().keySet()));
      assertEquals(32, store.arenaLength());
      assertEquals(16, store.arenaOffset(store.index("conv.weight")));
      store.gradients().forEach(gradient -> gradient.fill(1));
      sgd.step();
      assertEquals(2, inState(store, "conv.weight").item());
      assertArrayEquals(new float[] {1, 2}, store.buffer("bn.running_mean").toFloatArray());
      Tensor batches = inState(store, "bn.num_batches_tracked");
      assertEquals(Shape.of(), batches.shape());
      assertArrayEquals(new long[] {1L << 40}, batches.toLongArray());
      refused("'bn.weight'", () -> store.buffer("bn.weight"));
      refused("'bn.running_mean'", () -> store.parameter("bn.running_mean"));
    }
    assertEquals(live, engine.memory().live());
  }

  @Test
  void buffersGoWithTheCallersTensorsToo() {
    Tensor w = engine.tensor(new float[] {1}, 1);
    Tensor gradient = engine.tensor(new float[] {1}, 1);
    try (ParameterStore store =
        ParameterStore.builder(engine)
            .add("w", w, gradient)
            .addBuffer("mean", new float[] {4}, 1)
            .build()) {
      store.buffer("mean").fill(5);
      assertEquals(5, inState(store, "mean").item());
    }
  }

  @Test
  void refusesBuffersThatDoNotFit() {
    ParameterStore.Builder builder = ParameterStore.builder(engine).add("w", new float[1], 1);
    refused("needs 3 values", () -> builder.addBuffer("mean", new float[2], 3));
    refused("'w'", () -> builder.addBuffer("w", new float[1], 1));
    builder.addBuffer("count", new long[1], 1);
    refused("'count'", () -> builder.addBuffer("count", new long[1], 1));
    refused("'count'", () -> builder.add("count", new float[1], 1));
    assertThrows(
        IllegalStateException.class,
        () -> ParameterStore.builder(engine).addBuffer("mean", new float[1], 1).build());
  }

  private static Tensor inState(ParameterStore store, String name) {
    return Objects.requireNonNull(store.state().get(name));
  }

  private static void refused(String named, Executable call) {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    assertTrue(message.contains(named) && message.endsWith("."), message);
  }
}
