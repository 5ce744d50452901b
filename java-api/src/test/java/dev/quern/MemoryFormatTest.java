package dev.quern;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.Mode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Tensors whose channels are last: made, kept, converted, copied to the host. */
class MemoryFormatTest {
  private static final Shape SHAPE = Shape.of(2, 3, 2, 2);

  /** Element (n, c, h, w) is 12 n + 4 c + 2 h + w. */
  private static final float[] PLANES = new float[24];

  private static final float[] PIXELS = new float[24];

  static {
    for (int n = 0; n < 2; n++) {
      for (int c = 0; c < 3; c++) {
        for (int p = 0; p < 4; p++) {
          int value = 12 * n + 4 * c + p;
          PLANES[value] = value;
          PIXELS[12 * n + 3 * p + c] = value;
        }
      }
    }
  }

  private Engine engine;
  private Tensor planes;
  private Tensor pixels;

  @BeforeEach
  void open() {
    engine = Engine.open("reference");
    planes = engine.tensor(PLANES, 2, 3, 2, 2);
    pixels = engine.tensor(PIXELS, SHAPE, MemoryFormat.CHANNELS_LAST);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void isMadeWithAFormat() {
    for (Tensor made :
        new Tensor[] {
          engine.empty(DType.F32, SHAPE, MemoryFormat.CHANNELS_LAST),
          engine.empty(pixels.type()),
          engine.zeros(DType.U8, SHAPE, MemoryFormat.CHANNELS_LAST),
          pixels
        }) {
      assertEquals(MemoryFormat.CHANNELS_LAST, made.format());
      assertEquals(SHAPE, made.shape());
    }
    assertEquals(MemoryFormat.CONTIGUOUS, planes.format());
    assertEquals(
        MemoryFormat.CONTIGUOUS,
        engine.zeros(DType.F32, Shape.of(5, 1, 2, 2), MemoryFormat.CHANNELS_LAST).format());
    assertTrue(pixels.toString().startsWith("F32 (2, 3, 2, 2) CHANNELS_LAST on "));
    assertThrows(
        IllegalArgumentException.class,
        () -> engine.empty(DType.F32, Shape.of(2, 3), MemoryFormat.CHANNELS_LAST));
  }

  @Test
  void isConverted() {
    assertArrayEquals(PIXELS, planes.channelsLast().toFloatArray());
    assertEquals(pixels.type(), planes.channelsLast().type());
    assertArrayEquals(PLANES, pixels.contiguous().toFloatArray());
    assertEquals(planes.type(), pixels.contiguous().type());
  }

  @Test
  void isConvertedForEveryDtype() {
    for (DType dtype : DType.values()) {
      byte[] bytes = new byte[24 * dtype.bytes()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (i / dtype.bytes());
      }
      Tensor x = engine.upload(MemorySegment.ofArray(bytes), dtype, SHAPE);
      byte[] moved = new byte[bytes.length];
      x.channelsLast().copyTo(MemorySegment.ofArray(moved));
      for (int i = 0; i < moved.length; i++) {
        assertEquals((byte) PIXELS[i / dtype.bytes()], moved[i]);
      }
      byte[] back = new byte[bytes.length];
      x.channelsLast().contiguous().copyTo(MemorySegment.ofArray(back));
      assertArrayEquals(bytes, back);
    }
  }

  @Test
  void whatIsConvertedAlreadyIsAView() {
    long live = engine.memory().live();
    try (Tensor view = pixels.channelsLast();
        Tensor same = planes.contiguous()) {
      assertEquals(live, engine.memory().live());
      view.fill(7);
      same.fill(8);
    }
    assertEquals(7, pixels.toFloatArray()[5]);
    assertEquals(8, planes.toFloatArray()[5]);
  }

  @Test
  void elementwiseOperationsKeepIt() {
    Tensor vector = engine.tensor(new float[] {100, 200, 300}, 3);
    Tensor rows = engine.tensor(new float[] {1000, 2000}, 2);
    Tensor byChannel = pixels.scale(2).add(pixels).exp().log().addBroadcast(vector, 1);
    Tensor byRow = pixels.addBroadcast(rows, 2).notEqual(1003).toF64().toF32();
    assertEquals(pixels.type(), byChannel.type());
    assertEquals(pixels.type(), byRow.type());
    assertArrayEquals(
        planes.scale(2).add(planes).exp().log().addBroadcast(vector, 1).toFloatArray(),
        byChannel.contiguous().toFloatArray());
    assertArrayEquals(
        planes.addBroadcast(rows, 2).notEqual(1003).toFloatArray(),
        byRow.contiguous().toFloatArray());
    assertEquals(MemoryFormat.CHANNELS_LAST, pixels.slice(1, 2).format());
    assertArrayEquals(
        planes.slice(1, 2).toFloatArray(), pixels.slice(1, 2).contiguous().toFloatArray());
  }

  @Test
  void reshapeOfChannelsLastCopies() {
    Tensor flat = pixels.reshape(24);
    assertArrayEquals(PLANES, flat.toFloatArray());
    flat.fill(0);
    assertArrayEquals(PIXELS, pixels.toFloatArray());
    Tensor view = planes.reshape(24);
    view.fill(0);
    assertArrayEquals(new float[24], planes.toFloatArray());
    assertThrows(IllegalArgumentException.class, () -> pixels.reshape(23));
  }

  @Test
  void reshapeLeavesNoCopyBehind() {
    int before = engine.openTensors().size();
    pixels.reshape(24).close();
    assertEquals(before, engine.openTensors().size());
  }

  @Test
  void copiesBetweenTensorsConvert() {
    Tensor target = engine.zeros(DType.F32, SHAPE);
    target.copyFrom(pixels);
    assertArrayEquals(PLANES, target.toFloatArray());
    Tensor last = engine.zeros(DType.F32, SHAPE, MemoryFormat.CHANNELS_LAST);
    last.copyFrom(planes);
    assertArrayEquals(PIXELS, last.toFloatArray());
    var refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> last.copyFrom(engine.zeros(DType.F32, Shape.of(24))));
    assertTrue(String.valueOf(refusal.getMessage()).contains(SHAPE.toString()));
  }

  @Test
  void hostCopiesGiveTheOrderInMemory() {
    assertArrayEquals(PIXELS, pixels.toFloatArray());
    MemorySegment memory = pixels.hostMemory().orElseThrow();
    IntStream.range(0, 24)
        .forEach(i -> assertEquals(PIXELS[i], memory.getAtIndex(ValueLayout.JAVA_FLOAT, i)));
    pixels.copyFrom(PLANES);
    assertArrayEquals(PLANES, pixels.toFloatArray());
    try (Engine other = Engine.open("reference")) {
      assertEquals(pixels.type(), pixels.to(other).type());
      assertArrayEquals(PLANES, pixels.to(other).toFloatArray());
    }
  }

  @Test
  void elementwiseLossesTakeItAndOthersNameTheRemedy() {
    byte[] labels = new byte[24];
    byte[] moved = new byte[24];
    for (int i = 0; i < 24; i++) {
      labels[(int) PIXELS[i]] = (byte) (i % 2);
      moved[i] = (byte) (i % 2);
    }
    MemorySegment bytes = MemorySegment.ofArray(moved);
    Tensor target = engine.tensor(labels, 2, 3, 2, 2);
    Tensor last = engine.upload(bytes, DType.U8, SHAPE, MemoryFormat.CHANNELS_LAST);
    Tensor weight = engine.tensor(new float[] {1, 2, 3}, 3, 1, 1);
    BceLoss loss = new BceLoss().weight(weight);
    LossResult expected = loss.forwardBackward(planes, target);
    LossResult found = loss.forwardBackward(pixels, last);
    assertEquals(pixels.type(), found.gradient().type());
    assertEquals(expected.value().item(), found.value().item(), 1e-6f);
    assertArrayEquals(
        expected.gradient().toFloatArray(), found.gradient().contiguous().toFloatArray());
    assertRefuses("contiguous()", () -> loss.forward(pixels, target));
    assertRefuses("contiguous()", () -> new DiceLoss().mode(Mode.MULTILABEL).forward(pixels, last));
  }

  private static void assertRefuses(String remedy, Executable action) {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, action).getMessage());
    assertTrue(message.contains(remedy), message);
  }
}
