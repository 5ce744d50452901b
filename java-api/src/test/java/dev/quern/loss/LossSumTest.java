package dev.quern.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.Scope;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.loss.FusedLossSpec;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Sums of losses that share the two passes and of losses that sort. */
class LossSumTest {
  private static final float[] LOGITS = {0.5f, -1.2f, 2.0f, -0.3f, 0.1f, -0.7f};
  private static final byte[] TARGET = {1, 0, 1, 1, 0, 0};

  private static void refused(String words, Executable call) {
    String said = String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    assertTrue(said.contains(words), said);
  }

  @Test
  void severalSortedLossesAreAddedInOrder() {
    LovaszLoss lovasz = new LovaszLoss();
    SegmentationLoss loss =
        lovasz.times(0.5).plus(new DiceLoss().times(2)).plus(lovasz.perImage(true)).times(3);
    Shape shape = Shape.of(2, 3);
    MemorySegment x = MemorySegment.ofArray(LOGITS);
    MemorySegment t = MemorySegment.ofArray(TARGET);
    float[] batch = new float[6];
    float[] images = new float[6];
    float[] dice = new float[6];
    double value =
        1.5 * lovasz.forwardBackward(shape, x, t, DType.U8, MemorySegment.ofArray(batch))
            + 3.0
                * lovasz
                    .perImage(true)
                    .forwardBackward(shape, x, t, DType.U8, MemorySegment.ofArray(images))
            + new DiceLoss()
                .times(6)
                .forwardBackward(shape, x, t, DType.U8, MemorySegment.ofArray(dice));
    float[] expected = new float[6];
    for (int i = 0; i < 6; i++) {
      expected[i] = (float) (1.5 * batch[i]) + (float) (3.0 * images[i]) + dice[i];
    }
    float[] gradient = new float[6];
    float sum = loss.forwardBackward(shape, x, t, DType.U8, MemorySegment.ofArray(gradient));
    assertEquals((float) value, sum);
    assertArrayEquals(expected, gradient);
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope()) {
      Tensor logits = engine.tensor(LOGITS, 2, 3);
      LossResult result = loss.forwardBackward(logits, engine.tensor(TARGET, 2, 3));
      assertEquals(value, result.value().item(), 1e-6);
      assertArrayEquals(expected, result.gradient().toFloatArray(), 1e-6f);
    }
  }

  @Test
  void theGradientOfASumMayReplaceTheLogits() {
    SegmentationLoss loss = new DiceLoss().plus(new LovaszLoss());
    float[] expected = new float[6];
    float[] inPlace = LOGITS.clone();
    assertEquals(
        loss.forwardBackward(LOGITS, TARGET, expected),
        loss.forwardBackward(inPlace, TARGET, inPlace));
    assertArrayEquals(expected, inPlace);
  }

  @Test
  void sumsRefuseOnArraysWhatTheirLossesRefuse() {
    LovaszLoss lovasz = new LovaszLoss();
    DiceLoss dice = new DiceLoss();
    refused("shape", () -> dice.plus(lovasz.perImage(true)).forward(LOGITS, TARGET));
    refused("per image", () -> dice.perImage(true).plus(lovasz).forward(LOGITS, TARGET));
    SegmentationLoss channels = dice.mode(Mode.MULTILABEL).plus(lovasz.mode(Mode.MULTILABEL));
    refused("MULTILABEL", () -> channels.forward(LOGITS, TARGET));
    SegmentationLoss classes = dice.mode(Mode.MULTICLASS).plus(lovasz.mode(Mode.MULTICLASS));
    refused("MULTICLASS", () -> classes.forward(LOGITS, TARGET));
  }

  @Test
  void aCallWithAShapeDoesNotServeOneWithout() {
    SegmentationLoss loss = new DiceLoss().perImage(true);
    MemorySegment x = MemorySegment.ofArray(LOGITS);
    MemorySegment t = MemorySegment.ofArray(TARGET);
    for (Shape shape : new Shape[] {Shape.of(6), Shape.of(1, 6)}) {
      loss.forwardBackward(shape, x, t, DType.U8, null);
      refused("per image", () -> loss.forward(LOGITS, TARGET));
    }
  }

  @Test
  void aFaultIsReportedAfterTheGradientIsWritten() {
    SegmentationLoss loss = new BceLoss().plus(new LovaszLoss());
    byte[] bad = TARGET.clone();
    bad[2] = 7;
    float[] gradient = new float[6];
    DataException e =
        assertThrows(DataException.class, () -> loss.forwardBackward(LOGITS, bad, gradient));
    assertTrue(String.valueOf(e.getMessage()).contains("element 2"), e.toString());
    assertTrue(gradient[0] < 0 && gradient[1] > 0, "the gradient is written");
    assertEquals(0f, gradient[2]);
  }

  @Test
  void whatDoesNotGoTogether() {
    refused("NONE", () -> new LovaszLoss().plus(new BceLoss().reduction(Reduction.NONE)));
    refused("BINARY", () -> new LovaszLoss().plus(new BceLoss().mode(Mode.MULTILABEL)));
    refused("LovaszLoss.spec", () -> spec(new LovaszLoss()));
    assertEquals(1, spec(new LovaszLoss().plus(new BceLoss().times(3))).terms().size());
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope()) {
      Tensor one = engine.tensor(new float[] {1}, 1);
      Tensor two = engine.tensor(new float[] {2}, 1);
      SegmentationLoss weighted = new BceLoss().weight(one);
      refused("one tensor", () -> weighted.plus(new BceLoss().weight(two)));
      Tensor x = engine.tensor(LOGITS, 6);
      Tensor t = engine.tensor(TARGET, 6);
      float twice = weighted.plus(new BceLoss().weight(one)).forward(x, t).item();
      assertEquals(2 * weighted.forward(x, t).item(), twice, 1e-6f);
    }
  }

  private static FusedLossSpec spec(SegmentationLoss loss) {
    return loss.spec(Shape.of(6), Shape.of(6), DType.U8, null);
  }
}
