package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.SegmentationLoss;
import dev.quern.spi.Backend;
import dev.quern.spi.Interceptor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ScopeTest {
  private static Tensor ones(Engine engine) {
    Tensor tensor = engine.zeros(DType.F32, Shape.of(1000));
    tensor.fill(1);
    return tensor;
  }

  @Test
  void aBodyMayReturnNullNothingOrThrowWhatItLikes() {
    try (Engine engine = Engine.open("reference")) {
      long before = engine.memory().live();
      Object nothing =
          engine.scoped(() -> {
            ones(engine);
            return null;
          });
      assertNull(nothing);
      float[] seen = {0};
      engine.scoped(() -> {
        seen[0] = ones(engine).sum().item();
      });
      assertEquals(1000, seen[0]);
      IOException failure = new IOException("checked");
      IOException thrown =
          assertThrows(
              IOException.class,
              () ->
                  engine.scoped(() -> {
                    ones(engine);
                    throw failure;
                  }));
      assertSame(failure, thrown);
      assertEquals(before, engine.memory().live());
    }
  }

  @Test
  void tensorsInResultsAreKept() {
    try (Engine engine = Engine.open("reference")) {
      List<Function<Tensor, Object>> results =
          List.of(
              t -> t,
              t -> List.of(t, t.scale(2)),
              t -> Map.of("a", t, "b", t.scale(2)),
              t -> new Tensor[] {t, t.scale(2)},
              t -> Optional.of(t),
              t -> new Pair(t, t.scale(2)),
              t -> List.of(new Pair(t, t.scale(2)), "and what is no tensor"));
      for (Function<Tensor, Object> result : results) {
        long before = engine.memory().live();
        Tensor[] made = {ones(engine)};
        made[0].close();
        engine.scoped(() -> {
          made[0] = ones(engine);
          return result.apply(made[0]);
        });
        assertEquals(1, made[0].toFloatArray()[0]);
        assertTrue(engine.memory().live() > before);
        engine.openTensors();
      }
    }
  }

  private record Pair(Tensor a, Tensor b) implements TensorGroup {
    @Override
    public List<Tensor> tensors() {
      return List.of(a, b);
    }
  }

  @Test
  void whatFailsLeavesNothingBehind() {
    SegmentationLoss bce = new BceLoss();
    Map<String, Function<Tensor, Object>> operations =
        Map.of(
            "add", t -> t.add(t),
            "scale", t -> t.scale(2),
            "sum", Tensor::sum,
            "matmul", t -> t.reshape(10, 100).matmul(t.reshape(10, 100), true, false),
            "toF32", Tensor::toF32,
            "notEqual", t -> t.notEqual(1),
            "loss", t -> bce.forward(t, t),
            "loss and gradient", t -> new DiceLoss().plus(bce).forwardBackward(t, t),
            "lovasz", t -> new LovaszLoss().forwardBackward(t, t),
            "upload", t -> t.engine().zeros(DType.F32, Shape.of(2000)));
    boolean[] fails = {false};
    try (Engine engine = new Engine(failing(fails))) {
      Tensor operand = ones(engine);
      operations.forEach((name, operation) -> {
        engine.trim();
        fails[0] = true;
        List<String> before = engine.openTensors();
        // reshape makes views of its own, which the scope takes
        engine.scoped(() -> {
          assertThrows(IllegalStateException.class, () -> operation.apply(operand), name);
          assertEquals(
              name.equals("matmul") ? before.size() + 2 : before.size(),
              engine.openTensors().stream().mapToInt(ScopeTest::count).sum(),
              name);
        });
        fails[0] = false;
      });
      assertArrayEquals(new float[] {1000}, operand.sum().toFloatArray());
    }
  }

  /** How many tensors a line stands for. */
  private static int count(String line) {
    String[] words = line.split(" times ", 2);
    return words.length == 1 ? 1 : Integer.parseInt(words[0]);
  }

  /** The reference, whose kernels and uploads fail on demand. */
  private static Backend failing(boolean[] fails) {
    Interceptor failure =
        call -> {
          boolean works =
              call.method().getReturnType() == void.class
                  && !call.method().getName().equals("release");
          if (works && fails[0]) {
            throw new IllegalStateException("on demand");
          }
          return call.proceed();
        };
    return failure.before(Backends.openBackend("reference"));
  }
}
