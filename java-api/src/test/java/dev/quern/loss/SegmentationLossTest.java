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
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.ConfusionCounts;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Values of PyTorch 2.11 and segmentation_models.pytorch 0.5 in double. */
class SegmentationLossTest {
  private static final float[] LOGITS = {0.5f, -1.2f, 2.0f, -0.3f};
  private static final byte[] TARGET = {1, 0, 1, 1};

  private static void check(SegmentationLoss loss, double value, double... gradient) {
    float[] g = new float[LOGITS.length];
    assertEquals(value, loss.forwardBackward(LOGITS, TARGET, g), 2e-7 * Math.max(1, value));
    assertEquals(value, loss.forward(LOGITS, TARGET), 2e-7 * Math.max(1, value));
    for (int i = 0; i < g.length; i++) {
      assertEquals(gradient[i], g[i], 2e-7, "gradient " + i);
    }
    float[] soft = {1, 0, 1, 1};
    float[] again = new float[LOGITS.length];
    loss.forwardBackward(LOGITS, soft, again);
    assertArrayEquals(g, again);
  }

  @Test
  void bce() {
    check(new BceLoss(), 0.4296606768, -0.0943851672, 0.0578688041, -0.0298007305, -0.1436106292);
  }

  @Test
  void dice() {
    check(new DiceLoss(), 0.2524396011, -0.0570371057, 0.0257711993, -0.0254827048, -0.0593318056);
  }

  @Test
  void labelsOfOneClassAreNotTakenForShares() {
    Shape shape = Shape.of(2, 1, 3);
    MemorySegment logits = MemorySegment.ofArray(new float[] {1, -2, 3, 0, 5, -1});
    MemorySegment labels = MemorySegment.ofArray(new byte[6]);
    SegmentationLoss loss = new CrossEntropyLoss();
    assertEquals(0, loss.forwardBackward(shape, logits, labels, DType.U8, null));
    MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
    MemorySegment none = MemorySegment.ofArray(new float[0]);
    assertEquals(0, loss.forwardBackward(Shape.of(2, 3, 0), none, nothing, DType.U8, null));
  }

  @Test
  void diceWithSmoothing() {
    check(
        new DiceLoss().smooth(1),
        0.1819285932,
        -0.0387913955,
        0.0203246479,
        -0.0173309930,
        -0.0403520394);
  }

  @Test
  void diceAsLogarithm() {
    check(
        new DiceLoss().logLoss(true),
        0.2909401758,
        -0.0762976554,
        0.0344737353,
        -0.0340878207,
        -0.0793672400);
  }

  @Test
  void weightedSumIsTheSum() {
    check(
        new DiceLoss().times(0.5).plus(new BceLoss().times(2)),
        0.5 * 0.2524396011 + 2 * 0.4296606768,
        0.5 * -0.0570371057 + 2 * -0.0943851672,
        0.5 * 0.0257711993 + 2 * 0.0578688041,
        0.5 * -0.0254827048 + 2 * -0.0298007305,
        0.5 * -0.0593318056 + 2 * -0.1436106292);
  }

  @Test
  void gradientsAreTheDerivatives() {
    for (TruePositiveForm form : TruePositiveForm.values()) {
      SegmentationLoss loss =
          new DiceLoss().truePositives(form).smooth(0.3).plus(new BceLoss().times(0.7));
      float[] x = {0.3f, -2.1f, 1.7f, 0.9f, -0.4f};
      float[] t = {1, 0, 0.25f, 0.9f, 0};
      float[] g = new float[x.length];
      loss.forwardBackward(x, t, g);
      for (int i = 0; i < x.length; i++) {
        float h = 0.01f;
        float[] up = x.clone();
        float[] down = x.clone();
        up[i] += h;
        down[i] -= h;
        double slope = (loss.forward(up, t) - (double) loss.forward(down, t)) / (up[i] - down[i]);
        assertEquals(slope, g[i], 3e-5, form + " " + i);
      }
    }
  }

  @Test
  void ignoredPixelsChangeNothing() {
    SegmentationLoss loss =
        new DiceLoss()
            .ignoreIndex(255)
            .plus(new BceLoss().reduction(Reduction.SUM).ignoreIndex(255));
    float[] x = {0.5f, Float.NaN, -1.2f, Float.POSITIVE_INFINITY, 2.0f, -0.3f};
    byte[] t = {1, -1, 0, -1, 1, 1};
    float[] g = new float[x.length];
    float value = loss.forwardBackward(x, t, g);
    assertEquals(0.2524396011 + 4 * 0.4296606768, value, 1e-6);
    assertEquals(0f, g[1]);
    assertEquals(0f, g[3]);
    assertEquals(0f, loss.forward(new float[] {Float.NaN}, new byte[] {-1}));
  }

  @Test
  void extremeLogitsStayFinite() {
    SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
    float[] x = {1e4f, -1e4f, 1e4f, -1e4f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    float[] g = new float[x.length];
    float right = loss.forwardBackward(x, new byte[] {1, 0, 1, 0, 1, 0}, g);
    assertEquals(0f, right, 1e-6f);
    assertArrayEquals(new float[x.length], g, 1e-6f);
    float wrong = new BceLoss().forward(new float[] {1e4f, -1e4f}, new byte[] {0, 1});
    assertEquals(1e4f, wrong);
  }

  @Test
  void lovaszJoinsSums() {
    SegmentationLoss parts = new DiceLoss().times(0.5).plus(new LovaszLoss().times(3));
    SegmentationLoss loss = parts.plus(new BceLoss()).times(2);
    float[] dice = new float[4];
    float[] lovasz = new float[4];
    float[] bce = new float[4];
    double value =
        2
            * (0.5 * new DiceLoss().forwardBackward(LOGITS, TARGET, dice)
                + 3 * new LovaszLoss().forwardBackward(LOGITS, TARGET, lovasz)
                + new BceLoss().forwardBackward(LOGITS, TARGET, bce));
    float[] expected = new float[4];
    for (int i = 0; i < 4; i++) {
      expected[i] = 2 * (0.5f * dice[i] + 3 * lovasz[i] + bce[i]);
    }
    float[] gradient = new float[4];
    assertEquals(value, loss.forwardBackward(LOGITS, TARGET, gradient), 1e-6);
    assertArrayEquals(expected, gradient, 1e-6f);
    assertEquals(value, loss.forward(LOGITS, TARGET), 1e-6);
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope();
        BinaryJaccardIndex metric = new BinaryJaccardIndex(engine)) {
      Tensor x = engine.tensor(LOGITS, 1, 1, 2, 2);
      Tensor t = engine.tensor(TARGET, 1, 1, 2, 2);
      LossResult result = loss.forwardBackward(x, t, engine.one(), metric);
      assertEquals(value, result.value().item(), 1e-6);
      assertArrayEquals(expected, result.gradient().toFloatArray(), 1e-6f);
      assertEquals(value, loss.forward(x, t).item(), 1e-6);
      assertEquals(
          4,
          metric.counts().trueNegatives()
              + metric.counts().falsePositives()
              + metric.counts().falseNegatives()
              + metric.counts().truePositives());
    }
  }

  @Test
  void emptyTargetHasNoDiceLoss() {
    float[] g = new float[4];
    assertEquals(0f, new DiceLoss().forwardBackward(LOGITS, new byte[4], g));
    assertArrayEquals(new float[4], g);
  }

  @Test
  void enginesAgreeWithArraysAndCountInPassing() {
    SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
    float[] expected = new float[4];
    float value = loss.forwardBackward(LOGITS, TARGET, expected);
    try (Engine engine = Engine.open("reference");
        Scope scope = engine.openScope();
        BinaryJaccardIndex metric = new BinaryJaccardIndex(engine)) {
      Tensor x = scope.keep(engine.tensor(LOGITS, 1, 1, 2, 2));
      Tensor t = engine.tensor(TARGET, 1, 1, 2, 2);
      Tensor upstream = engine.tensor(new float[] {4}, 1);
      LossResult result = loss.forwardBackward(x, t, upstream, metric);
      assertEquals(value, result.value().item());
      float[] g = result.gradient().toFloatArray();
      for (int i = 0; i < 4; i++) {
        assertEquals(4 * expected[i], g[i], 1e-6);
      }
      assertEquals(new ConfusionCounts(1, 0, 1, 2), metric.counts());
      assertEquals(value, loss.forward(x, t).item());
      assertEquals(value, loss.forwardBackward(x, t).value().itemLater().await());
    }
  }

  @Test
  void faultyLabelsAreReportedAndIgnored() {
    byte[] t = {1, 0, 7, 1};
    float[] g = new float[4];
    SegmentationLoss loss = new BceLoss();
    String message =
        assertThrows(DataException.class, () -> loss.forwardBackward(LOGITS, t, g)).getMessage();
    assertContains(message, "element 2");
    try (Engine engine = Engine.open("reference");
        Scope scope = engine.openScope()) {
      Tensor x = scope.keep(engine.tensor(LOGITS, 4));
      LossResult result = loss.forwardBackward(x, engine.tensor(t, 4));
      assertThrows(DataException.class, () -> result.value().item());
      float[] value = new float[1];
      float[] gradient = new float[4];
      assertThrows(DataException.class, () -> result.value().copyTo(MemorySegment.ofArray(value)));
      assertThrows(
          DataException.class, () -> result.gradient().copyTo(MemorySegment.ofArray(gradient)));
      assertTrue(Float.isFinite(value[0]) && value[0] > 0);
      assertEquals(0f, gradient[2]);
      assertTrue(gradient[1] > 0);
    }
  }

  @Test
  void mismatchesNameBothSides() {
    try (Engine engine = Engine.open("reference")) {
      Tensor x = engine.zeros(DType.F32, Shape.of(2, 1, 256, 256));
      Tensor t = engine.zeros(DType.U8, Shape.of(2, 1, 256, 255));
      String message =
          assertThrows(IllegalArgumentException.class, () -> new DiceLoss().forward(x, t))
              .getMessage();
      assertEquals(
          "target shape (2, 1, 256, 255) does not match logits (2, 1, 256, 256).", message);
      assertThrows(IllegalArgumentException.class, () -> new DiceLoss().forward(x, x.sum()));
    }
    assertThrows(
        IllegalArgumentException.class, () -> new BceLoss().forward(new float[3], new byte[2]));
    assertThrows(IllegalArgumentException.class, () -> new DiceLoss().smooth(-1));
    assertThrows(IllegalArgumentException.class, () -> new DiceLoss().eps(Double.NaN));
    assertThrows(
        IllegalArgumentException.class, () -> new DiceLoss().plus(new BceLoss().ignoreIndex(3)));
    assertThrows(IllegalArgumentException.class, () -> new DiceLoss().times(Double.NaN));
  }

  private static void assertContains(@Nullable String message, String part) {
    assertTrue(message != null && message.contains(part), () -> "'" + part + "' in: " + message);
  }
}
