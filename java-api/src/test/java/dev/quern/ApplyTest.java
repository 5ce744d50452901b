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
import dev.quern.op.MaxAxis;
import dev.quern.op.NotEqual;
import dev.quern.op.Operation;
import dev.quern.op.OperationListener;
import dev.quern.op.OperationListener.Outcome;
import dev.quern.op.Scale;
import dev.quern.op.Softmax;
import dev.quern.op.Standardize;
import dev.quern.op.Sum;
import dev.quern.op.SumAxes;
import dev.quern.op.Unary;
import dev.quern.op.Uniform;
import dev.quern.op.shape.Concat;
import dev.quern.op.shape.Expand;
import dev.quern.op.shape.Narrow;
import dev.quern.op.shape.Permute;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.op.shape.ToFormat;
import dev.quern.op.spatial.AveragePool;
import dev.quern.op.spatial.BatchNorm;
import dev.quern.op.spatial.Convolution;
import dev.quern.op.spatial.ConvolutionTranspose;
import dev.quern.op.spatial.MaxPool;
import dev.quern.op.spatial.TrackStatistics;
import dev.quern.op.spatial.Upsample;
import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;
import dev.quern.spi.spatial.Window;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.UnaryOp;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

  /** Every operation, with inputs. */
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
    Tensor vector = engine.tensor(new float[] {10, 20}, 2);
    Tensor places = engine.tensor(new int[] {1, 0, 1}, 3);
    examples.put(new AddBroadcast.VectorGradient(new AddBroadcast(1)), List.of(a.reshape(1, 2, 3)));
    examples.put(new Unary.Gradient(UnaryOp.TANH), List.of(a, b));
    examples.put(new Permute(List.of(1, 0)), List.of(a));
    examples.put(new Expand(Shape.of(4, 2, 3), MemoryFormat.CONTIGUOUS), List.of(a));
    examples.put(new Narrow(1, 1, 3), List.of(a));
    examples.put(new Concat(1), List.of(a, b, a));
    examples.put(new SumAxes(0, 0), List.of(a));
    examples.put(new MaxAxis(0), List.of(a));
    examples.put(
        new MaxAxis.Gradient(0, 2), List.of(engine.tensor(new float[] {1, 2, 3}, 3), places));
    examples.put(new Softmax(1, true), List.of(a));
    examples.put(new Softmax.Gradient(new Softmax(1, false)), List.of(a, b));
    examples.put(new Standardize(1e-5f), List.of(a));
    examples.put(new Standardize.Gradient(), List.of(a, b, vector));
    putSpatial(examples);
    return examples;
  }

  private void putSpatial(Map<Operation, List<Tensor>> examples) {
    Window three = new Window(3, 1, 1, 1);
    Tensor images = engine.uniform(new PhiloxStream(5, 0, 0, 0), 2, 2, 4, 6).channelsLast();
    Tensor weight = engine.uniform(new PhiloxStream(6, 0, 0, 0), 2, 2, 3, 3);
    Tensor vector = engine.tensor(new float[] {1, 2}, 2);
    var convolution = new Convolution(three, 1);
    examples.put(convolution, List.of(images, weight, vector));
    examples.put(
        new Convolution.InputGradient(convolution, images.shape()), List.of(images, weight));
    examples.put(
        new Convolution.WeightGradient(convolution, weight.shape()), List.of(images, images));
    examples.put(new ConvolutionTranspose(three, three, 0, 0, 1), List.of(images, weight));
    var max = new MaxPool(Window.of(2), Window.of(2));
    List<Tensor> pooled = engine.apply(max, List.of(images));
    examples.put(max, List.of(images));
    examples.put(new MaxPool.Gradient(max, images.shape()), pooled);
    var average = new AveragePool(Window.of(2), Window.of(2));
    examples.put(average, List.of(images));
    examples.put(new AveragePool.Gradient(average, images.shape()), List.of(pooled.getFirst()));
    var upsample = new Upsample(Interpolation.BILINEAR, 2, 2);
    examples.put(upsample, List.of(images));
    examples.put(new Upsample.Gradient(upsample), List.of(images));
    var norm = new BatchNorm(1e-5f, true, true);
    Tensor statistics = engine.apply(norm, List.of(images, vector, vector)).get(1);
    examples.put(norm, List.of(images, vector, vector));
    examples.put(
        new BatchNorm(1e-5f, false, false), List.of(images, vector, vector, vector, vector));
    examples.put(new BatchNorm.Gradient(norm), List.of(images, images, statistics, vector, vector));
    examples.put(
        new TrackStatistics(0.1f, 48),
        List.of(statistics, vector, vector, engine.tensor(new long[] {3})));
  }

  @Test
  void thereIsAnExampleOfEveryOperation() {
    var shown = examples().keySet().stream().map(Object::getClass).collect(Collectors.toSet());
    assertEquals(List.of(), leaves(Operation.class).filter(c -> !shown.contains(c)).toList());
  }

  private static Stream<Class<?>> leaves(Class<?> type) {
    return type.isInterface()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(ApplyTest::leaves)
        : Stream.of(type);
  }

  /** Of whatever dtype. */
  private static byte[] bits(Tensor tensor) {
    byte[] bits = new byte[(int) tensor.span().byteSize()];
    tensor.copyTo(MemorySegment.ofArray(bits));
    return bits;
  }

  private static boolean isFloat(Operation operation, List<Tensor> inputs) {
    return operation.outputs(inputs.stream().map(Tensor::type).toList()).stream()
        .allMatch(type -> type.dtype() == DType.F32);
  }

  @Test
  void givenOutputsGetTheSameBits() {
    examples()
        .forEach((operation, inputs) -> {
          List<Tensor> made = engine.apply(operation, inputs);
          List<Tensor> given = made.stream().map(x -> engine.empty(x.type())).toList();
          given.forEach(x -> x.fill(77));
          engine.apply(operation, inputs, given);
          for (int i = 0; i < made.size(); i++) {
            assertArrayEquals(bits(made.get(i)), bits(given.get(i)), operation + " " + i);
          }
        });
  }

  @Test
  void accumulatingIsAddingWhatIsMade() {
    examples()
        .forEach((operation, inputs) -> {
          if (!isFloat(operation, inputs)) {
            return;
          }
          List<Tensor> made = engine.apply(operation, inputs);
          for (int run = 0; run < 2; run++) {
            List<Tensor> sums = starts(made);
            engine.accumulate(operation, inputs, sums);
            engine.accumulate(operation, inputs, sums);
            List<Tensor> starts = starts(made);
            for (int i = 0; i < sums.size(); i++) {
              Tensor expected = starts.get(i).add(made.get(i)).add(made.get(i));
              assertArrayEquals(bits(expected), bits(sums.get(i)), operation + " " + i);
            }
          }
        });
  }

  private List<Tensor> starts(List<Tensor> made) {
    List<Tensor> starts = made.stream().map(x -> engine.empty(x.type())).toList();
    starts.forEach(x -> x.fill(0.3));
    return starts;
  }

  @Test
  void accumulatingLeavesNothingBehind() {
    examples()
        .forEach((operation, inputs) -> {
          if (!isFloat(operation, inputs)) {
            return;
          }
          List<Tensor> sums = starts(engine.apply(operation, inputs));
          int before = openTensors();
          engine.accumulate(operation, inputs, sums);
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
