package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.Reduction;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryJaccardIndex;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Arrays, buffers and shapes as programs have them. */
class HostDataTest {
  private final Engine engine = Engine.open("reference");

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void integersAndBooleans() {
    assertArrayEquals(new int[] {1, -2, 3}, engine.tensor(new int[] {1, -2, 3}, 3).toIntArray());
    assertArrayEquals(
        new long[] {1L << 40, 2}, engine.tensor(new long[] {1L << 40, 2}, 2).toLongArray());
    Tensor mask = engine.tensor(new boolean[] {true, false, true}, 1, 3);
    assertEquals(DType.U8, mask.dtype());
    assertArrayEquals(new byte[] {1, 0, 1}, mask.toByteArray());
  }

  @Test
  void masksOfOneCallsMayBeOfAnyType() {
    float[] logits = {1, -2, 3, -4};
    for (SegmentationLoss loss :
        new SegmentationLoss[] {
          new BceLoss(), new LovaszLoss(), new BceLoss().plus(new LovaszLoss())
        }) {
      float[] expected = new float[4];
      float[] gradient = new float[4];
      float value = loss.forwardBackward(logits, new byte[] {1, 0, 0, 1}, expected);
      assertEquals(value, loss.forwardBackward(logits, new int[] {1, 0, 0, 1}, gradient));
      assertArrayEquals(expected, gradient);
      gradient = new float[4];
      boolean[] mask = {true, false, false, true};
      assertEquals(value, loss.forwardBackward(logits, mask, gradient));
      assertArrayEquals(expected, gradient);
      assertEquals(value, loss.forward(logits, new byte[] {1, 0, 0, 1}));
      assertThrows(
          IllegalArgumentException.class,
          () -> loss.forwardBackward(logits, new int[3], new float[4]));
    }
  }

  @Test
  void rangesOfArrays() {
    float[] values = {0, 1, 2, 3, 4, 5};
    assertArrayEquals(new float[] {2, 3, 4}, engine.tensor(values, 2, Shape.of(3)).toFloatArray());
    assertThrows(IndexOutOfBoundsException.class, () -> engine.tensor(values, 4, Shape.of(1, 3)));
  }

  @Test
  void buffersOfEitherByteOrder() {
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      FloatBuffer direct = ByteBuffer.allocateDirect(16).order(order).asFloatBuffer();
      FloatBuffer heap = ByteBuffer.allocate(16).order(order).asFloatBuffer();
      for (FloatBuffer buffer : List.of(direct, heap, FloatBuffer.allocate(4))) {
        buffer.put(0, new float[] {9, 7, 8, 9}).position(1).limit(3);
        Tensor tensor = engine.tensor(buffer, 2);
        assertArrayEquals(new float[] {7, 8}, tensor.toFloatArray());
        assertArrayEquals(
            new float[] {7, 8}, engine.tensor(buffer.asReadOnlyBuffer(), 2).toFloatArray());
        tensor.scale(10).copyTo(buffer);
        assertEquals(1, buffer.position());
        assertEquals(70, buffer.get(1));
        assertEquals(80, buffer.get(2));
        assertEquals(9, buffer.duplicate().clear().get(3));
        tensor.copyFrom(buffer);
        assertArrayEquals(new float[] {70, 80}, tensor.toFloatArray());
      }
    }
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {9, 1, 0, 9}).position(1).limit(3);
    assertArrayEquals(new byte[] {1, 0}, engine.tensor(bytes, 2).toByteArray());
  }

  @Test
  void hostMemoryIsTheTensors() {
    Tensor tensor = engine.tensor(new float[] {1, 2, 3, 4}, 4);
    MemorySegment memory = tensor.slice(1, 3).hostMemory().orElseThrow();
    assertEquals(8, memory.byteSize());
    assertEquals(2, memory.getAtIndex(ValueLayout.JAVA_FLOAT, 0));
    memory.setAtIndex(ValueLayout.JAVA_FLOAT, 1, 30);
    assertArrayEquals(new float[] {1, 2, 30, 4}, tensor.toFloatArray());
  }

  @Test
  void masksMayLackTheChannelOfTheLogits() {
    float[] x = {1, -2, 3, -4, 0, 6, -7, 8, 1, 2, 3, -4};
    byte[] mask = {1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1};
    for (SegmentationLoss loss :
        new SegmentationLoss[] {
          new DiceLoss().plus(new BceLoss()),
          new DiceLoss().perImage(true),
          new LovaszLoss(),
          new LovaszLoss().perImage(true)
        }) {
      var whole =
          loss.forwardBackward(engine.tensor(x, 2, 1, 2, 3), engine.tensor(mask, 2, 1, 2, 3));
      var less = loss.forwardBackward(engine.tensor(x, 2, 1, 2, 3), engine.tensor(mask, 2, 2, 3));
      var other = loss.forwardBackward(engine.tensor(x, 2, 2, 3), engine.tensor(mask, 2, 1, 2, 3));
      assertEquals(whole.value().item(), less.value().item());
      assertArrayEquals(whole.gradient().toFloatArray(), less.gradient().toFloatArray());
      assertEquals(Shape.of(2, 1, 2, 3), less.gradient().shape());
      assertArrayEquals(whole.gradient().toFloatArray(), other.gradient().toFloatArray());
      Tensor wrong = engine.tensor(mask, 2, 3, 2);
      assertThrows(
          IllegalArgumentException.class, () -> loss.forward(engine.tensor(x, 2, 1, 2, 3), wrong));
    }
    Tensor losses =
        new BceLoss()
            .reduction(Reduction.NONE)
            .forward(engine.tensor(x, 2, 1, 2, 3), engine.tensor(mask, 2, 2, 3));
    assertEquals(Shape.of(2, 2, 3), losses.shape());
    try (var metric = new BinaryJaccardIndex(engine)) {
      metric.update(engine.tensor(x, 2, 1, 2, 3), engine.tensor(mask, 2, 2, 3));
      assertEquals(5 / 8.0, metric.compute(), 1e-12);
    }
  }

  @Test
  void elementWeightsAreRepeated() {
    float[] x = {1, -2, 3, -4, 0, 6, -7, 8, 1, 2, 3, -4};
    byte[] mask = {1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1};
    long[] whole = {2, 3, 1, 2};
    long[][] shapes = {
      {1},
      {2},
      {1, 2},
      {3, 1, 1},
      {1, 3, 1, 1},
      {2, 1, 1, 1},
      {2, 1, 1, 2},
      {2, 3, 1, 1},
      {1, 3, 1, 2},
      {2, 1, 1, 2},
      {2, 3, 1, 2},
      {}
    };
    Tensor logits = engine.tensor(x, whole);
    Tensor target = engine.tensor(mask, whole);
    for (long[] dims : shapes) {
      Shape shape = Shape.of(dims);
      float[] weights = new float[(int) shape.elements()];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = 1 + i;
      }
      float[] repeated = new float[12];
      for (int i = 0; i < 12; i++) {
        int[] at = {i / 6, i / 2 % 3, 0, i % 2};
        int index = 0;
        for (int axis = 4 - dims.length; axis < 4; axis++) {
          long extent = dims[axis - 4 + dims.length];
          index = (int) (index * extent + (extent == 1 ? 0 : at[axis]));
        }
        repeated[i] = weights[index];
      }
      BceLoss loss = new BceLoss().weight(engine.tensor(weights, dims));
      BceLoss expected = new BceLoss().weight(engine.tensor(repeated, whole));
      var actual = loss.forwardBackward(logits, target);
      var wanted = expected.forwardBackward(logits, target);
      assertEquals(wanted.value().item(), actual.value().item(), shape.toString());
      assertArrayEquals(
          wanted.gradient().toFloatArray(), actual.gradient().toFloatArray(), shape.toString());
    }
    BceLoss wrong = new BceLoss().weight(engine.tensor(new float[] {1, 2, 3}, 3));
    assertThrows(IllegalArgumentException.class, () -> wrong.forward(logits, target));
  }
}
