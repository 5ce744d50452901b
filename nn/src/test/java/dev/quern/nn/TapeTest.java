package dev.quern.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.MemoryStatistics;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.op.Unary;
import dev.quern.op.Uniform;
import dev.quern.optim.Sgd;
import dev.quern.optim.SgdOptions;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.UnaryOp;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TapeTest {
  private final Engine engine = Engine.open("reference");
  private final ParameterStore store =
      ParameterStore.builder(engine)
          .add("w", new float[] {2, 3}, 2)
          .add("unused", new float[] {1}, 1)
          .build();

  @AfterEach
  void close() {
    store.close();
    engine.close();
  }

  private Tensor of(float... values) {
    return engine.tensor(values, values.length);
  }

  private float[] gradient() {
    return store.gradient("w").toFloatArray();
  }

  @Test
  void gradientsReplaceWhatTheStoreHeld() {
    store.gradient("w").fill(7);
    store.gradient("unused").fill(7);
    try (Tape tape = new Tape(store)) {
      Tensor y = store.parameter("w").multiply(of(5, 6));
      tape.backward(y, of(1, 10));
    }
    assertArrayEquals(new float[] {5, 60}, gradient());
    assertEquals(0, store.gradient("unused").item());
  }

  @Test
  void accumulateAddsToWhatTheStoreHeld() {
    store.gradient("w").fill(7);
    store.gradient("unused").fill(7);
    try (Tape tape = new Tape(store)) {
      tape.accumulate(store.parameter("w").multiply(of(5, 6)), of(1, 10));
    }
    assertArrayEquals(new float[] {12, 67}, gradient());
    assertEquals(7, store.gradient("unused").item());
  }

  @Test
  void aParameterUsedTwiceAddsUp() {
    try (Tape tape = new Tape(store)) {
      Tensor w = store.parameter("w");
      Tensor y = w.multiply(w).add(w);
      tape.backward(y, of(1, 1));
    }
    assertArrayEquals(new float[] {5, 7}, gradient());
  }

  @Test
  void whatUsersCloseStaysUntilItIsNeeded() {
    try (Tape tape = new Tape(store)) {
      Tensor y =
          engine.scoped(() -> {
            Tensor inner = store.parameter("w").multiply(of(5, 6));
            return inner.multiply(inner);
          });
      // other tensors get the memory of what was closed, if that is free
      of(-1, -1);
      of(-1, -1);
      tape.backward(y, of(1, 1));
    }
    assertArrayEquals(new float[] {2 * 10 * 5, 2 * 18 * 6}, gradient());
  }

  @Test
  void nothingIsLeftOpen() {
    List<String> open = engine.openTensors();
    engine.scoped(() -> {
      for (int i = 0; i < 3; i++) {
        try (Tape tape = new Tape(store)) {
          Tensor x = tape.watch(of(1, 2));
          Tensor y = x.multiply(store.parameter("w")).softplus();
          if (i < 2) {
            tape.backward(y, of(1, 1));
            assertEquals(2, tape.gradient(x).shape().elements());
          }
        }
      }
    });
    assertEquals(open, engine.openTensors());
    MemoryStatistics before = engine.memory();
    engine.scoped(() -> {
      try (Tape tape = new Tape(store)) {
        Tensor y = of(1, 2, 3).softplus();
        assertThrows(IllegalArgumentException.class, () -> tape.backward(y, of(1, 1, 1)));
      }
    });
    assertEquals(before.live(), engine.memory().live());
  }

  @Test
  void writtenResultsAndAddedOnesHaveGradients() {
    try (Tape tape = new Tape(store)) {
      Tensor w = store.parameter("w");
      Tensor y = of(0, 0);
      engine.apply(new Unary(UnaryOp.SOFTPLUS), List.of(w), List.of(y));
      engine.accumulate(new Unary(UnaryOp.EXP), List.of(w), List.of(y));
      tape.backward(y, of(1, 1));
    }
    float[] expected = new float[2];
    for (int i = 0; i < 2; i++) {
      double w = 2.0 + i;
      expected[i] = (float) (1 / (1 + Math.exp(-w)) + Math.exp(w));
    }
    assertArrayEquals(expected, gradient(), 1e-5f);
  }

  @Test
  void anOverwrittenResultNoLongerDescends() {
    try (Tape tape = new Tape(store)) {
      Tensor y = store.parameter("w").exp();
      engine.apply(new Uniform(new PhiloxStream(1, 0, 0, 0), y.shape()), List.of(), List.of(y));
      assertThrows(IllegalArgumentException.class, () -> tape.backward(y, of(1, 1)));
    }
  }

  @Test
  void aTapeUnwindsOnce() {
    try (Tape tape = new Tape(store)) {
      Tensor y = store.parameter("w").exp();
      tape.backward(y, of(1, 1));
      assertMessage("can be unwound once", () -> tape.backward(y, of(1, 1)));
    }
  }

  @Test
  void tapesDoNotNest() {
    try (Tape _ = new Tape(store)) {
      assertMessage("tapes do not nest", () -> new Tape(store));
    }
    new Tape(store).close();
  }

  @Test
  void anOverwrittenParameterIsAnError() {
    try (var sgd = Sgd.builder(store).options(new SgdOptions().withLr(0.1)).build();
        Tape tape = new Tape(store)) {
      Tensor x = tape.watch(of(1, 2));
      Tensor y = x.multiply(store.parameter("w"));
      sgd.step();
      assertMessage("overwritten between forward and backward", () -> tape.backward(y, of(1, 1)));
    }
  }

  @Test
  void anOverwrittenTensorIsAnError() {
    for (int way = 0; way < 3; way++) {
      try (Tape tape = new Tape(store)) {
        Tensor x = of(1, 2, 3, 4);
        Tensor y = x.slice(0, 2).multiply(store.parameter("w"));
        switch (way) {
          case 0 -> x.copyFrom(new float[4]);
          case 1 -> x.fill(2);
          default -> x.slice(1, 3).fill(2);
        }
        assertMessage("overwritten between forward and backward", () -> tape.backward(y, of(1, 1)));
      }
    }
    try (Tape tape = new Tape(store)) {
      Tensor x = of(1, 2, 3, 4);
      Tensor y = x.slice(0, 2).multiply(store.parameter("w"));
      x.slice(2, 4).fill(2);
      tape.backward(y, of(1, 1));
    }
    assertArrayEquals(new float[] {1, 2}, gradient());
  }

  @Test
  void aPartThatIsOverwrittenIsAnError() {
    try (Tape tape = new Tape(store)) {
      Tensor y = store.parameter("w").exp();
      y.slice(0, 1).fill(7);
      assertMessage("does not know what it holds", () -> y.scale(2));
      assertMessage("does not know what it holds", () -> tape.backward(y, of(1, 1)));
    }
    try (Tape tape = new Tape(store)) {
      Tensor y = store.parameter("w").exp();
      y.copyFrom(new float[] {1, 2});
      assertMessage("does not know what it holds", () -> tape.backward(y, of(1, 1)));
    }
  }

  @Test
  void onlyWhatTheTapeDoesNotKnowIsWatched() {
    try (Tape tape = new Tape(store)) {
      Tensor w = store.parameter("w");
      assertThrows(IllegalArgumentException.class, () -> tape.watch(w));
      Tensor y = w.exp();
      assertThrows(IllegalArgumentException.class, () -> tape.watch(y));
      tape.backward(y, of(1, 1));
    }
    assertEquals((float) Math.exp(2), gradient()[0], 1e-5);
  }

  @Test
  void aWatchedParameterIsNotOverwrittenMeanwhile() {
    try (Tape _ = new Tape(store)) {
      assertMessage("must not be overwritten", () -> store.parameter("w").fill(1));
    }
  }

  @Test
  void sidesThatDoNotMatchAreNamed() {
    try (Tape tape = new Tape(store)) {
      Tensor y = store.parameter("w").exp();
      var e = assertThrows(IllegalArgumentException.class, () -> tape.backward(y, of(1, 1, 1)));
      assertTrue(message(e).contains("(3)") && message(e).contains("(2)"), e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> tape.backward(y));
      assertThrows(IllegalArgumentException.class, () -> tape.gradient(y));
      tape.backward(y.sum());
    }
    assertEquals((float) Math.exp(2), gradient()[0], 1e-5);
  }

  private static void assertMessage(String part, Executable call) {
    var e = assertThrows(IllegalStateException.class, call);
    assertTrue(message(e).contains(part), e.getMessage());
  }

  private static String message(Throwable e) {
    return String.valueOf(e.getMessage());
  }
}
