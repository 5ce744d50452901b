package dev.quern.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.op.shape.ToFormat;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.UnaryOp;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What operations result in, and what they say of inputs that do not fit. */
class OperationTest {
  private static final TensorType MATRIX = f32(2, 3);
  private static final TensorType IMAGES = f32(2, 3, 4, 5);
  private static final TensorType LAST = IMAGES.as(MemoryFormat.CHANNELS_LAST);

  private static TensorType f32(long... dims) {
    return new TensorType(DType.F32, Shape.of(dims));
  }

  private static void gives(Operation operation, TensorType result, TensorType... inputs) {
    assertEquals(List.of(result), operation.outputs(List.of(inputs)), operation.toString());
  }

  private static void refuses(Operation operation, String sentence, TensorType... inputs) {
    var refusal =
        assertThrows(
            IllegalArgumentException.class, () -> operation.outputs(List.of(inputs)), sentence);
    assertEquals(sentence, refusal.getMessage());
  }

  /** Every operation has an example here: one that it takes, and what it results in. */
  private static Map<Operation, Map.Entry<List<TensorType>, TensorType>> examples() {
    var stream = new PhiloxStream(1, 2, 3, 4);
    var examples = new LinkedHashMap<Operation, Map.Entry<List<TensorType>, TensorType>>();
    examples.put(new Unary(UnaryOp.EXP), Map.entry(List.of(LAST), LAST));
    examples.put(new Binary(BinaryOp.ADD), Map.entry(List.of(LAST, LAST), LAST));
    examples.put(new Scale(2), Map.entry(List.of(LAST), LAST));
    examples.put(new NotEqual(2), Map.entry(List.of(LAST.as(DType.U8)), LAST));
    examples.put(new AddBroadcast(1), Map.entry(List.of(LAST, f32(3)), LAST));
    examples.put(new Sum(), Map.entry(List.of(LAST), f32(1)));
    examples.put(new MatMul(false, true), Map.entry(List.of(MATRIX, f32(7, 3)), f32(2, 7)));
    examples.put(new Convert(DType.F32), Map.entry(List.of(LAST.as(DType.I64)), LAST));
    examples.put(new ToFormat(MemoryFormat.CHANNELS_LAST), Map.entry(List.of(IMAGES), LAST));
    examples.put(new Reshape(Shape.of(6)), Map.entry(List.of(MATRIX), f32(6)));
    examples.put(
        new Slice(1, 2), Map.entry(List.of(LAST), f32(1, 3, 4, 5).as(MemoryFormat.CHANNELS_LAST)));
    examples.put(new Fill(1, LAST), Map.entry(List.of(), LAST));
    examples.put(new Uniform(stream, Shape.of(3)), Map.entry(List.of(), f32(3)));
    return examples;
  }

  @Test
  void everyOperationKnowsItsResult() {
    examples()
        .forEach((operation, example) ->
            gives(operation, example.getValue(), example.getKey().toArray(TensorType[]::new)));
    Set<Class<?>> shown =
        examples().keySet().stream().map(Object::getClass).collect(Collectors.toSet());
    assertTrue(shown.containsAll(Arrays.asList(Operation.class.getPermittedSubclasses())));
  }

  @Test
  void everyOperationCountsItsInputs() {
    for (Operation operation : examples().keySet()) {
      var many = List.of(MATRIX, MATRIX, MATRIX);
      var refusal = assertThrows(IllegalArgumentException.class, () -> operation.outputs(many));
      String message = String.valueOf(refusal.getMessage());
      assertTrue(message.endsWith("got 3."), message);
      assertTrue(message.startsWith(operation + " takes "), message);
    }
  }

  @Test
  void functionsTakeFloatingPoint() {
    String remedy = ", but the tensor is U8; convert it with toF32, or make it so.";
    TensorType bytes = MATRIX.as(DType.U8);
    refuses(new Unary(UnaryOp.SIGMOID), "sigmoid needs F32" + remedy, bytes);
    refuses(new Binary(BinaryOp.ADD), "add needs F32" + remedy, bytes, bytes);
    refuses(new Scale(1), "scale needs F32" + remedy, bytes);
    refuses(new AddBroadcast(0), "addBroadcast needs F32" + remedy, bytes, f32(2));
    refuses(new Sum(), "sum needs F32" + remedy, bytes);
    refuses(new MatMul(false, false), "matmul needs F32" + remedy, bytes, bytes);
    gives(new Scale(1), MATRIX.as(DType.F64), MATRIX.as(DType.F64));
  }

  @Test
  void bothSidesOfABinaryFunctionAreAlike() {
    var add = new Binary(BinaryOp.ADD);
    refuses(
        add,
        "ADD of F32 (2, 3) and F32 (3, 2): both sides must be equal in dtype, shape and memory format.",
        MATRIX,
        f32(3, 2));
    refuses(
        add,
        "ADD of F32 (2, 3) and U8 (2, 3): both sides must be equal in dtype, shape and memory format.",
        MATRIX,
        MATRIX.as(DType.U8));
    refuses(
        add,
        "ADD of F32 (2, 3, 4, 5) and F32 (2, 3, 4, 5) CHANNELS_LAST: both sides must be equal in dtype, shape and memory format; convert one with contiguous() or channelsLast().",
        IMAGES,
        LAST);
  }

  @Test
  void matricesFit() {
    refuses(
        new MatMul(false, false),
        "matmul needs two matrices, got shapes (2, 3) and (3).",
        MATRIX,
        f32(3));
    refuses(
        new MatMul(true, false),
        "matmul of (2, 3) transposed and (3, 2): the inner extents differ.",
        MATRIX,
        f32(3, 2));
    refuses(
        new MatMul(false, false),
        "matmul of F32 (2, 3) and F64 (3, 2): both sides must be equal in dtype.",
        MATRIX,
        f32(3, 2).as(DType.F64));
    gives(new MatMul(true, true), f32(3, 4), MATRIX, f32(4, 2));
  }

  @Test
  void vectorsAreAsLongAsTheirAxis() {
    refuses(
        new AddBroadcast(-1),
        "addBroadcast along axis -1 of (2, 3) needs a vector of shape (3), got (2).",
        MATRIX,
        f32(2));
    refuses(
        new AddBroadcast(0),
        "addBroadcast to F32 (2, 3) needs a vector of F32, got F64.",
        MATRIX,
        f32(2).as(DType.F64));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> new AddBroadcast(-3).outputs(List.of(MATRIX, f32(3))));
  }

  @Test
  void neighboursAlongAnAxisAreInnerElementsApart() {
    long[] contiguous = {60, 20, 5, 1};
    long[] last = {60, 1, 15, 3};
    for (int axis = 0; axis < 4; axis++) {
      assertEquals(contiguous[axis], new AddBroadcast(axis).inner(IMAGES));
      assertEquals(last[axis], new AddBroadcast(axis).inner(LAST));
      assertEquals(last[axis], new AddBroadcast(axis - 4).inner(LAST));
    }
  }

  @Test
  void conversionsKnowTheirDtypes() {
    refuses(
        new Convert(DType.F32),
        "toF32 converts U8, I32, I64, F32 and F64, not F16.",
        MATRIX.as(DType.F16));
    refuses(new Convert(DType.U8), "toU8 converts U8, I32, I64, F32 and F64, not F32.", MATRIX);
    gives(new Convert(DType.F16), MATRIX.as(DType.F16), MATRIX.as(DType.F16));
    refuses(
        new NotEqual(1),
        "notEqual compares F32, U8 and F64, not I32; convert it with toF32.",
        MATRIX.as(DType.I32));
    gives(new NotEqual(1), MATRIX.as(DType.F64), MATRIX.as(DType.F64));
    TensorType halves = MATRIX.as(DType.BF16);
    refuses(new Fill(0, halves), "fill writes F32, F64, I64, I32, U8 and BOOL, not BF16.");
  }

  @Test
  void viewsKeepTheirElements() {
    refuses(
        new Reshape(Shape.of(7)),
        "Shape (2, 3) of 6 elements cannot become (7) of 7 elements.",
        MATRIX);
    refuses(
        new Reshape(Shape.of(120)),
        "A view of another shape needs CONTIGUOUS memory, but the tensor is F32 (2, 3, 4, 5) CHANNELS_LAST; convert it with contiguous().",
        LAST);
    refuses(new Slice(1, 3), "Slice [1, 3) does not lie in axis 0 of shape (2, 3).", MATRIX);
    refuses(new Slice(-1, 1), "Slice [-1, 1) does not lie in axis 0 of shape (2, 3).", MATRIX);
    assertEquals(60, new Slice(1, 2).offset(LAST));
    assertEquals(0, new Slice(0, 0).offset(f32(0, 4)));
  }

  @Test
  void oneChannelIsBothFormats() {
    for (TensorType both : List.of(f32(2, 1, 4, 5), f32(2, 3, 1, 1))) {
      assertEquals(both, both.as(MemoryFormat.CHANNELS_LAST));
      assertTrue(both.is(MemoryFormat.CHANNELS_LAST) && both.is(MemoryFormat.CONTIGUOUS));
    }
    assertTrue(LAST.is(MemoryFormat.CHANNELS_LAST) && !LAST.is(MemoryFormat.CONTIGUOUS));
    assertTrue(!MATRIX.is(MemoryFormat.CHANNELS_LAST));
    refuses(
        new ToFormat(MemoryFormat.CHANNELS_LAST),
        "CHANNELS_LAST is an order of tensors (N, C, H, W), but the shape is (2, 3).",
        MATRIX);
  }
}
