package dev.quern.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.loss.LossExtent;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class LovaszLossTest {
  private static final float[] LOGITS = {0.5f, -1.2f, 2.0f, -0.3f};
  private static final byte[] TARGET = {1, 0, 1, 1};

  /** Three classes, four pixels. */
  private static final float[] CLASS_LOGITS = {
    0.2f, 1, -0.5f, 0, 0.1f, -1, 0.7f, 0.3f, 0, 0.4f, 0.2f, -2
  };

  private static final byte[] CLASS_LABELS = {0, 1, 1, 0};

  private static float segments(LovaszLoss loss, Shape shape, float[] logits, byte[] target) {
    return loss.forwardBackward(
        shape, MemorySegment.ofArray(logits), MemorySegment.ofArray(target), DType.U8, null);
  }

  private static void refused(String message, Executable call) {
    String said = String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    assertTrue(said.contains(message), said);
  }

  @Test
  void hinge() {
    float[] gradient = new float[4];
    float value = new LovaszLoss().forwardBackward(LOGITS, TARGET, gradient);
    assertEquals(0.6f, value, 1e-7f);
    assertArrayEquals(new float[] {-1 / 3f, 0, 0, -1 / 3f}, gradient, 1e-7f);
    assertEquals(0.6f, new LovaszLoss().forward(LOGITS, TARGET), 1e-7f);
    assertEquals(0.6f, new LovaszLoss().mode(Mode.MULTILABEL).forward(LOGITS, TARGET), 1e-7f);
  }

  @Test
  void softmaxOfPresentAllAndListedClasses() {
    Shape shape = Shape.of(1, 3, 2, 2);
    LovaszLoss loss = new LovaszLoss().mode(Mode.MULTICLASS);
    assertEquals(0.662089f, segments(loss, shape, CLASS_LOGITS, CLASS_LABELS), 1e-6f);
    LovaszLoss all = loss.allClasses();
    assertEquals(0.550016f, segments(all, shape, CLASS_LOGITS, CLASS_LABELS), 1e-6f);
    float zero = segments(loss.classes(0), shape, CLASS_LOGITS, CLASS_LABELS);
    float one = segments(loss.classes(1), shape, CLASS_LOGITS, CLASS_LABELS);
    assertEquals(0.662089f, (zero + one) / 2, 1e-6f);
  }

  @Test
  void onTensorsWithUpstream() {
    try (Engine engine = Engine.open("reference");
        var _ = engine.openScope()) {
      Tensor logits = engine.tensor(LOGITS, 2, 2);
      Tensor target = engine.tensor(TARGET, 2, 2);
      LossResult result =
          new LovaszLoss().forwardBackward(logits, target, engine.tensor(new float[] {-3}, 1));
      assertEquals(0.6f, result.value().item(), 1e-7f);
      assertArrayEquals(new float[] {1, 0, 0, 1}, result.gradient().toFloatArray(), 1e-6f);
      // image 0: errors 0.5 (label 1) and -0.2; image 1: -1 and 1.3 of two of label 1
      float perImage = new LovaszLoss().perImage(true).forward(logits, target).item();
      assertEquals((0.5f + 1.3f / 2) / 2, perImage, 1e-6f);
    }
  }

  @Test
  void withoutValidPixelsLossAndGradientAreZero() {
    byte[] ignored = {7, 7, 7, 7};
    float[] gradient = {1, 1, 1, 1};
    float[] nan = {Float.NaN, Float.NEGATIVE_INFINITY, Float.NaN, 1};
    LovaszLoss loss = new LovaszLoss().ignoreIndex(7);
    assertEquals(0, loss.forwardBackward(nan, ignored, gradient));
    assertArrayEquals(new float[4], gradient);
    assertEquals(0, loss.forward(new float[0], new byte[0]));
    LovaszLoss perImage = loss.perImage(true);
    byte[] half = {1, 1, 7, 7};
    assertEquals(0.5f, segments(perImage, Shape.of(2, 2), new float[4], half), 1e-6f);
  }

  @Test
  void anEmptyMaskBlamesTheWorstPixelOnly() {
    float[] gradient = new float[4];
    float value = new LovaszLoss().forwardBackward(LOGITS, new byte[4], gradient);
    assertEquals(3, value);
    assertArrayEquals(new float[] {0, 0, 1, 0}, gradient);
  }

  @Test
  void amongEqualErrorsTheFirstPixelComesFirst() {
    float[] gradient = new float[4];
    new LovaszLoss().forwardBackward(new float[4], new byte[] {0, 1, 0, 1}, gradient);
    // steps 2 / (2 x 3), 1 / 3, 1 / (3 x 4), 1 / 4
    assertArrayEquals(new float[] {1 / 3f, -1 / 3f, 1 / 12f, -0.25f}, gradient, 1e-7f);
  }

  @Test
  void aLabelOutOfRangeIsReportedAndCountsAsIgnored() {
    float[] gradient = new float[5];
    DataException e =
        assertThrows(
            DataException.class,
            () ->
                new LovaszLoss()
                    .forwardBackward(
                        new float[] {9, 0.5f, -1.2f, 2, -0.3f},
                        new byte[] {2, 1, 0, 1, 1},
                        gradient));
    assertTrue(String.valueOf(e.getMessage()).contains("element 0"));
    assertArrayEquals(new float[] {0, -1 / 3f, 0, 0, -1 / 3f}, gradient, 1e-7f);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    LovaszLoss softmax = new LovaszLoss().mode(Mode.MULTICLASS);
    Shape shape = Shape.of(1, 3, 2, 2);
    refused("128", () -> segments(softmax, shape, new float[32], CLASS_LABELS));
    refused("target", () -> segments(softmax, shape, CLASS_LOGITS, new byte[5]));
    refused("0 to 2", () -> segments(softmax.classes(1, 3), shape, CLASS_LOGITS, CLASS_LABELS));
    refused("(N, C, ...)", () -> segments(softmax, Shape.of(12), CLASS_LOGITS, CLASS_LABELS));
    refused("MULTICLASS only", () -> new LovaszLoss().allClasses().forward(LOGITS, TARGET));
    refused("MULTICLASS only", () -> new LovaszLoss().fromProbabilities().spec(DType.U8));
    refused("shape", () -> softmax.forward(CLASS_LOGITS, CLASS_LABELS));
    refused("different", () -> new LovaszLoss().classes(1, 1));
    refused("memory", () -> new LovaszLoss().forwardBackward(LOGITS, TARGET, LOGITS));
    refused("elements", () -> new LovaszLoss().forward(LOGITS, new byte[3]));
    try (Engine engine = Engine.open("reference");
        var _ = engine.openScope()) {
      Tensor logits = engine.tensor(CLASS_LOGITS, 1, 3, 2, 2);
      Tensor labels = engine.tensor(CLASS_LABELS, 1, 2, 2);
      refused("(1, 2, 2)", () -> new LovaszLoss().forward(logits, labels));
      refused("(1, 2, 2)", () -> softmax.forward(logits, labels.reshape(4)));
      refused("U8", () -> softmax.forward(labels, labels));
      Tensor two = engine.tensor(new float[2], 2);
      refused("one F32", () -> softmax.forwardBackward(logits, labels, two));
    }
    assertFalse(softmax.spec(DType.U8).perImage());
    LossExtent huge = new LossExtent(1, 1, 1L << 31);
    assertThrows(
        UnsupportedOperationException.class, () -> softmax.spec(DType.U8).listLength(huge));
  }
}
