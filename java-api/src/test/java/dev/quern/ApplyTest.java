package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.op.AddBroadcast;
import dev.quern.op.Binary;
import dev.quern.op.Convert;
import dev.quern.op.Fill;
import dev.quern.op.MatMul;
import dev.quern.op.NotEqual;
import dev.quern.op.Operation;
import dev.quern.op.OperationListener;
import dev.quern.op.OperationListener.Outcome;
import dev.quern.op.Scale;
import dev.quern.op.Sum;
import dev.quern.op.Unary;
import dev.quern.op.Uniform;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.op.shape.ToFormat;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.UnaryOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operations with results that are made, given, or added to, and who hears of them. */
class ApplyTest {
  private Engine engine;
  private Tensor a;
  private Tensor b;

  @BeforeEach
  void open() {
    engine = Engine.open("reference");
    a = engine.tensor(new float[] {1, -2, 3, 4, 5, -0.1f}, 2, 3);
    b = engine.tensor(new float[] {0.5f, 7, -3, 1, 2, 1e-3f}, 2, 3);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  /** Every operation that has an F32 result, with inputs. */
  private Map<Operation, List<Tensor>> examples() {
    var examples = new LinkedHashMap<Operation, List<Tensor>>();
    examples.put(new Unary(UnaryOp.SIGMOID), List.of(a));
    examples.put(new Binary(BinaryOp.MULTIPLY), List.of(a, b));
    examples.put(new Scale(3), List.of(a));
    examples.put(new NotEqual(3), List.of(a));
    examples.put(new AddBroadcast(0), List.of(a, engine.tensor(new float[] {10, 20}, 2)));
    examples.put(new Sum(), List.of(a));
    examples.put(new MatMul(false, true), List.of(a, b));
    examples.put(new MatMul(true, false), List.of(a, b));
    examples.put(new Convert(DType.F32), List.of(a));
    examples.put(new ToFormat(MemoryFormat.CHANNELS_LAST), List.of(a.reshape(1, 2, 1, 3)));
    examples.put(new ToFormat(MemoryFormat.CONTIGUOUS), List.of(a.reshape(1, 2, 1, 3)));
    examples.put(new Reshape(Shape.of(3, 2)), List.of(a));
    examples.put(new Slice(1, 2), List.of(a));
    examples.put(new Fill(3, a.type()), List.of());
    examples.put(new Uniform(new PhiloxStream(1, 2, 3, 4), Shape.of(5)), List.of());
    return examples;
  }

  @Test
  void thereIsAnExampleOfEveryOperation() {
    var shown = examples().keySet().stream().map(Object::getClass).collect(Collectors.toSet());
    assertTrue(shown.containsAll(Arrays.asList(Operation.class.getPermittedSubclasses())));
  }

  @Test
  void aGivenOutputGetsTheSameBits() {
    examples()
        .forEach((operation, inputs) -> {
          Tensor made = engine.apply(operation, inputs).getFirst();
          Tensor given = engine.empty(made.type());
          given.fill(Double.NaN);
          engine.apply(operation, inputs, List.of(given));
          assertArrayEquals(made.toFloatArray(), given.toFloatArray(), operation.toString());
        });
  }

  @Test
  void accumulatingIsAddingWhatIsMade() {
    examples()
        .forEach((operation, inputs) -> {
          Tensor made = engine.apply(operation, inputs).getFirst();
          Tensor start = engine.zeros(made.dtype(), made.shape(), made.format());
          start.fill(0.3);
          Tensor expected = start.add(made).add(made);
          for (int run = 0; run < 2; run++) {
            Tensor sum = engine.zeros(made.dtype(), made.shape(), made.format());
            sum.fill(0.3);
            engine.accumulate(operation, inputs, List.of(sum));
            engine.accumulate(operation, inputs, List.of(sum));
            assertArrayEquals(expected.toFloatArray(), sum.toFloatArray(), operation.toString());
          }
        });
  }

  @Test
  void accumulatingLeavesNothingBehind() {
    examples()
        .forEach((operation, inputs) -> {
          Tensor sum =
              engine
                  .apply(new Fill(0, engine.apply(operation, inputs).getFirst().type()), List.of())
                  .getFirst();
          int before = openTensors();
          engine.accumulate(operation, inputs, List.of(sum));
          assertEquals(before, openTensors());
        });
  }

  private int openTensors() {
    return engine.openTensors().stream()
        .mapToInt(line -> {
          int times = line.indexOf(" times ");
          return times < 0 ? 1 : Integer.parseInt(line.substring(0, times));
        })
        .sum();
  }

  @Test
  void productsGoStraightIntoAPartOfAnArena() {
    Tensor arena = engine.zeros(DType.F32, Shape.of(4, 2));
    engine.accumulate(new MatMul(false, true), List.of(a, b), List.of(arena.slice(1, 3)));
    engine.accumulate(new MatMul(false, true), List.of(a, b), List.of(arena.slice(1, 3)));
    Tensor product = a.matmul(b, false, true).scale(2);
    assertArrayEquals(product.toFloatArray(), arena.slice(1, 3).toFloatArray());
    assertArrayEquals(new float[2], arena.slice(0, 1).toFloatArray());
    assertArrayEquals(new float[2], arena.slice(3, 4).toFloatArray());
  }

  @Test
  void outputsMustFit() {
    var product = new MatMul(false, true);
    refused(
        "MatMul[transposeA=false, transposeB=true] gives [F32 (2, 2)], but the outputs given are [F32 (2, 3)].",
        () -> engine.apply(product, List.of(a, b), List.of(a)));
    refused("[F32 (2, 2)]", () -> engine.apply(product, List.of(a, b), List.of()));
    refused("[F32 (2, 2)]", () -> engine.accumulate(product, List.of(a, b), List.of(a)));
    Tensor bytes = engine.zeros(DType.U8, Shape.of(2));
    refused(
        "add needs F32",
        () -> engine.accumulate(new Fill(1, bytes.type()), List.of(), List.of(bytes)));
  }

  @Test
  void outputsLieApart() {
    Tensor square = engine.zeros(DType.F32, Shape.of(2, 2));
    refused(
        "shares memory with its input",
        () -> engine.apply(new MatMul(false, false), List.of(square, square), List.of(square)));
    Tensor line = engine.tensor(new float[] {1, 2, 3}, 3);
    refused(
        "shares memory",
        () -> engine.apply(new Scale(2), List.of(line.slice(0, 2)), List.of(line.slice(1, 3))));
    engine.apply(new Scale(2), List.of(line), List.of(line));
    assertArrayEquals(new float[] {2, 4, 6}, line.toFloatArray());
    refused("shares memory", () -> engine.accumulate(new Scale(2), List.of(line), List.of(line)));
  }

  @Test
  void tensorsOfOtherEnginesAreNamed() {
    try (Engine other = Engine.open("reference")) {
      Tensor there = other.zeros(DType.F32, Shape.of(2, 3));
      refused("different engines", () -> a.add(there));
      refused("t.to(engine)", () -> engine.apply(new Scale(1), List.of(there)));
      refused("t.to(engine)", () -> engine.apply(new Scale(1), List.of(a), List.of(there)));
    }
  }

  @Test
  void aListenerHearsOfEveryOperation() {
    var heard = new ArrayList<String>();
    Tensor out = engine.zeros(DType.F32, Shape.of(2, 3));
    OperationListener listener =
        (operation, inputs, outputs, outcome) ->
            heard.add(
                operation.getClass().getSimpleName()
                    + " "
                    + inputs.size()
                    + " "
                    + outputs.getFirst().shape()
                    + " "
                    + outcome);
    try (var _ = engine.listen(listener)) {
      a.add(b).reshape(6);
      engine.apply(new Scale(2), List.of(a), List.of(out));
      engine.accumulate(new Scale(2), List.of(a), List.of(out));
      out.copyFrom(a);
      out.fill(0);
      assertThrows(IllegalArgumentException.class, () -> a.matmul(b));
      assertThrows(IllegalStateException.class, () -> engine.listen(listener));
    }
    a.add(b);
    assertEquals(
        List.of(
            "Binary 2 (2, 3) MADE",
            "Reshape 1 (6) MADE",
            "Scale 1 (2, 3) WRITTEN",
            "Scale 1 (2, 3) ADDED",
            "Convert 1 (2, 3) WRITTEN",
            "Fill 0 (2, 3) WRITTEN"),
        heard);
  }

  @Test
  void viewsInAFormatThatIsThereAreHeardOf() {
    Tensor planes = a.reshape(1, 1, 2, 3);
    Tensor last = engine.zeros(DType.F32, Shape.of(2, 3, 2, 2), MemoryFormat.CHANNELS_LAST);
    for (Tensor x : List.of(planes, last)) {
      var heard = new ArrayList<Tensor>();
      try (var _ =
          engine.listen((_, inputs, outputs, _) -> {
            heard.addAll(inputs);
            heard.addAll(outputs);
          })) {
        Tensor same = x.equals(planes) ? x.contiguous() : x.channelsLast();
        assertEquals(List.of(x, same), heard);
        assertEquals(x.span(), same.span());
        assertEquals(x.type(), same.type());
      }
    }
  }

  @Test
  void aListenerThatFailsLeavesNothingBehind() {
    int before = openTensors();
    try (var _ =
        engine.listen((_, _, _, _) -> {
          throw new IllegalStateException("planned");
        })) {
      assertThrows(IllegalStateException.class, () -> a.add(b));
      assertThrows(IllegalStateException.class, () -> a.reshape(6));
    }
    assertEquals(before, openTensors());
  }

  @Test
  void aListenerIsOneThreadsAndDoesNotHearItself() throws InterruptedException {
    var heard = new ArrayList<Outcome>();
    OperationListener listener =
        (_, inputs, _, outcome) -> {
          heard.add(outcome);
          inputs.getFirst().exp();
        };
    var registration = engine.listen(listener);
    Thread other = new Thread(() -> a.add(b));
    other.start();
    other.join();
    assertTrue(heard.isEmpty());
    a.add(b);
    assertEquals(List.of(Outcome.MADE), heard);
    registration.close();
    var next = engine.listen(listener);
    registration.close();
    a.add(b);
    assertEquals(2, heard.size());
    next.close();
  }

  @Test
  void closedTensorsAreSaidAndNothingIsLeft() {
    Tensor closed = engine.zeros(DType.F32, Shape.of(2, 3));
    closed.close();
    int before = openTensors();
    assertThrows(IllegalStateException.class, () -> a.add(closed));
    assertThrows(IllegalStateException.class, () -> closed.reshape(6));
    assertThrows(IllegalStateException.class, closed::contiguous);
    assertFalse(openTensors() > before);
  }

  private static void refused(String part, Runnable action) {
    var refusal = assertThrows(IllegalArgumentException.class, action::run);
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(part), message);
  }
}
