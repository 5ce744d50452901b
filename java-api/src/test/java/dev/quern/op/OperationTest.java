package dev.quern.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.op.shape.Concat;
import dev.quern.op.shape.Expand;
import dev.quern.op.shape.Narrow;
import dev.quern.op.shape.Permute;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.op.shape.ToFormat;
import dev.quern.op.spatial.BatchNorm;
import dev.quern.op.spatial.Convolution;
import dev.quern.spi.spatial.Window;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.UnaryOp;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  private static TensorType places(long... dims) {
    return new TensorType(DType.I32, Shape.of(dims));
  }

  /** Operations of one result and at most two inputs: what they take, and what they result in. */
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
    examples.put(
        new AddBroadcast.VectorGradient(new AddBroadcast(1)), Map.entry(List.of(LAST), f32(3)));
    examples.put(new Unary.Gradient(UnaryOp.EXP), Map.entry(List.of(LAST, LAST), LAST));
    examples.put(new Permute(List.of(3, 0, 1, 2)), Map.entry(List.of(LAST), f32(5, 2, 3, 4)));
    examples.put(
        new Expand(LAST.shape(), MemoryFormat.CHANNELS_LAST), Map.entry(List.of(f32(4, 1)), LAST));
    examples.put(new Narrow(-3, 0, 3), Map.entry(List.of(LAST), LAST));
    examples.put(new SumAxes(2, 3), Map.entry(List.of(LAST), f32(2, 3, 1, 1)));
    examples.put(new MaxAxis.Gradient(1, 3), Map.entry(List.of(f32(2), places(2)), MATRIX));
    examples.put(new Softmax(-1, false), Map.entry(List.of(MATRIX), MATRIX));
    examples.put(
        new Softmax.Gradient(new Softmax(-1, false)), Map.entry(List.of(MATRIX, MATRIX), MATRIX));
    return examples;
  }

  @Test
  void everyOperationKnowsItsResult() {
    examples()
        .forEach((operation, example) ->
            gives(operation, example.getValue(), example.getKey().toArray(TensorType[]::new)));
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
        "matmul needs two matrices, or as many of each, got shapes (2, 3) and (3).",
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

  @Test
  void spatialOperationsNameBothSides() {
    var convolution = new Convolution(new Window(3, 1, 1, 1), 1);
    refuses(
        convolution,
        "convolution needs CHANNELS_LAST memory, but the tensor is F32 (2, 3, 4, 5); convert it with channelsLast().",
        IMAGES,
        f32(7, 3, 3, 3));
    refuses(
        convolution,
        "A convolution of 3 channels in 1 groups needs weights (K, 3, 3, 3), got shape (7, 2, 3, 3).",
        LAST,
        f32(7, 2, 3, 3));
    refuses(
        convolution,
        "A convolution takes images, weights and perhaps a bias, got 1 tensors.",
        LAST);
    refuses(
        convolution,
        "convolution needs a bias F32 (7), got F32 (8).",
        LAST,
        f32(7, 3, 3, 3),
        f32(8));
    gives(
        convolution, f32(2, 7, 4, 5).as(MemoryFormat.CHANNELS_LAST), LAST, f32(7, 3, 3, 3), f32(7));
    refuses(
        new Convolution(new Window(9, 1, 0, 1), 1),
        "A window that reaches over 9 elements does not fit into an axis of 4 with a padding of 0.",
        LAST,
        f32(7, 3, 9, 9));
    refuses(
        new BatchNorm(1e-5f, true, false),
        "Batch normalization in training needs more than one value a channel, got images of shape (1, 3, 1, 1).",
        f32(1, 3, 1, 1),
        f32(3),
        f32(3));
    refuses(
        new Concat(1),
        "concat along axis 1 of F32 (2, 3) and F32 (3, 3): dtype, memory format and all other extents must be equal.",
        MATRIX,
        f32(3, 3));
  }
}
