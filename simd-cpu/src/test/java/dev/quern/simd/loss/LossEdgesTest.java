package dev.quern.simd.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.CrossEntropyLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.FocalLoss;
import dev.quern.loss.JaccardLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.Mode;
import dev.quern.loss.SegmentationLoss;
import dev.quern.loss.TverskyLoss;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Values and gradients of improbable labels and of sure predictions. The right values are those of
 * the formulas in decimal numbers of 60 digits, gradients by differences of 1e-20.
 */
class LossEdgesTest {
  private static final class Outcome {
    final float value;
    final float[] gradient;

    Outcome(LossResult result) {
      value = result.value().item();
      gradient = result.gradient().toFloatArray();
    }
  }

  private static final float[] UNLIKELY = {
    2.9833324f, .6394897f, 6.955358f, -3.0757167f, -8.295744f, -9.224853f
  };

  /** The loss of one image of pixels that belong to one class each. */
  private static Outcome multiclass(
      String backend, SegmentationLoss loss, float[] logits, int... labels) {
    return run(backend, loss, logits, labels, 1, labels.length);
  }

  private static Outcome binary(
      String backend, SegmentationLoss loss, float[] logits, int... targets) {
    return run(backend, loss, logits, targets, 1, 1, targets.length);
  }

  private static Outcome run(
      String backend, SegmentationLoss loss, float[] logits, int[] labels, long... targetShape) {
    byte[] target = new byte[labels.length];
    for (int i = 0; i < labels.length; i++) {
      target[i] = (byte) labels[i];
    }
    long classes = logits.length / labels.length;
    try (Engine engine = Engine.open(backend)) {
      Tensor x = engine.tensor(logits, 1, classes, labels.length);
      LossResult result = loss.forwardBackward(x, engine.tensor(target, targetShape));
      return new Outcome(result);
    }
  }

  private static void assertGradient(float[] actual, double... right) {
    double largest = 0;
    for (double g : right) {
      largest = Math.max(largest, Math.abs(g));
    }
    for (int i = 0; i < right.length; i++) {
      assertEquals(right[i], actual[i], 1e-5 * largest, "gradient " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void unlikelyLabelsHaveTheWholeGradientOfALogarithmicDice(String backend) {
    SegmentationLoss loss = new DiceLoss().mode(Mode.MULTICLASS).logLoss(true);
    Outcome outcome = multiclass(backend, loss, UNLIKELY, 0, 0, 1);
    assertEquals(7.85670320569654, outcome.value, 7e-6);
    assertGradient(
        outcome.gradient,
        -0.0015094763681715781,
        -8.543347864833372e-05,
        0.49999991554035034,
        0.0015094763681715781,
        8.543347864833372e-05,
        -0.49999991554035034);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void unlikelyLabelsHaveTheWholeGradientOfALogarithmicTversky(String backend) {
    SegmentationLoss loss =
        new TverskyLoss().alpha(.3).beta(.7).gamma(1).mode(Mode.MULTICLASS).logLoss(true);
    Outcome outcome = multiclass(backend, loss, UNLIKELY, 0, 0, 1);
    assertEquals(7.98263182576347, outcome.value, 7e-6);
    assertGradient(
        outcome.gradient,
        -0.0009282718749979825,
        -5.253841470108686e-05,
        0.4999999390254012,
        0.0009282718749979825,
        5.253841470108686e-05,
        -0.4999999390254012);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void unlikelyLabelsHaveTheWholeGradientOfALogarithmicJaccard(String backend) {
    SegmentationLoss loss = new JaccardLoss().mode(Mode.MULTICLASS).logLoss(true).eps(1e-12);
    Outcome outcome = multiclass(backend, loss, UNLIKELY, 0, 0, 1);
    assertGradient(
        new float[] {outcome.gradient[2], outcome.gradient[5]},
        0.4999999843370881,
        -0.4999999843370881);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void unlikelyLabelsAmongSurePredictions(String backend) {
    SegmentationLoss loss = new DiceLoss().mode(Mode.MULTICLASS);
    Outcome outcome = multiclass(backend, loss, new float[] {20, 20, 6, -20, -20, -6}, 0, 0, 1);
    assertEquals(0.5999933643285762, outcome.value, 6e-7);
    assertGradient(outcome.gradient, 0, 0, 6.635593506859488e-06, 0, 0, -6.635593506859488e-06);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void twoUnlikelyLabels(String backend) {
    SegmentationLoss loss = new DiceLoss().mode(Mode.MULTICLASS);
    float[] logits = {-3.1536152f, -4.4386706f, 2.5643065f, 3.0126038f};
    Outcome outcome = multiclass(backend, loss, logits, 1, 0);
    assertGradient(
        outcome.gradient,
        0.0007291020356188796,
        -0.0006418669544187647,
        -0.0007291020356188796,
        0.0006418669544187647);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void onePixelThatIsSureAndRight(String backend) {
    SegmentationLoss loss =
        new DiceLoss().mode(Mode.MULTICLASS).logLoss(true).smooth(.38).absentIsZero(false);
    Outcome outcome = multiclass(backend, loss, new float[] {5.467378f, -4.91864f}, 0);
    assertEquals(2.5892907739423716e-05, outcome.value, 2.6e-11);
    assertGradient(outcome.gradient, -2.5891790285764973e-05, 2.5891790285764973e-05);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void threeClassesOneImprobable(String backend) {
    SegmentationLoss loss = new DiceLoss().mode(Mode.MULTICLASS);
    float[] logits = {3, .5f, -20, 1, 2, 5, -1, 0, 6};
    Outcome outcome = multiclass(backend, loss, logits, 0, 1, 0);
    assertEquals(0.2447891186858478, outcome.value, 2e-7);
    assertGradient(
        outcome.gradient,
        -0.029209017562175973,
        0.03344092882453945,
        -6.960105549279647e-13,
        0.02725070441167778,
        -0.04745764824206717,
        0.021420279457983256,
        0.0019583131504981926,
        0.014016719417527721,
        -0.021420279457287243);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void immoderateLogitsOfThreeClasses(String backend) {
    SegmentationLoss loss = new DiceLoss().mode(Mode.MULTICLASS);
    float[] logits = {40, -.5f, -40, 3, 38, -45, 2, 45, -40};
    Outcome outcome = multiclass(backend, loss, logits, 0, 1, 1);
    assertEquals(0.39840093062062104, outcome.value, 4e-7);
    assertGradient(
        outcome.gradient,
        0,
        0,
        0.027257574886516048,
        0,
        -0.0003021160371566525,
        -0.0012894301463519079,
        0,
        0.0003021160371566525,
        -0.02596814474016414);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void sureAndRightPredictionsKeepALossAndAGradient(String backend) {
    for (TruePositiveForm form : TruePositiveForm.values()) {
      SegmentationLoss loss = new TverskyLoss().alpha(.3).beta(.7).gamma(.5).truePositives(form);
      float[] logits = new float[100];
      int[] targets = new int[100];
      for (int i = 0; i < 100; i++) {
        targets[i] = 1 - i % 2;
        logits[i] = targets[i] == 1 ? 20 : -20;
      }
      Outcome outcome = binary(backend, loss, logits, targets);
      if (form != TruePositiveForm.SQUARED) {
        assertEquals(4.539992971569674e-05, outcome.value, 4.5e-11, form.name());
        assertEquals(-3.1779950763557224e-07, outcome.gradient[0], 3e-12, form.name());
        assertEquals(1.3619978858563282e-07, outcome.gradient[1], 3e-12, form.name());
      }
      assertTrue(outcome.value > 0, form.name());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void perfectPredictionsAreWithoutLoss(String backend) {
    for (double alpha : new double[] {.1, .37, .91}) {
      SegmentationLoss loss =
          new TverskyLoss().alpha(alpha).beta(1.3 - alpha).gamma(.5).mode(Mode.MULTICLASS);
      Outcome outcome = multiclass(backend, loss, new float[] {500, -500, -500, 500}, 0, 1);
      assertEquals(0f, outcome.value);
      assertArrayEquals(new float[4], outcome.gradient, 0f);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void softmaxFocalOfAnImpossibleLabel(String backend) {
    for (float gamma : new float[] {0, 2}) {
      for (float least : new float[] {Float.NEGATIVE_INFINITY, -3.4e38f}) {
        float most = least == Float.NEGATIVE_INFINITY ? 0 : -least;
        SegmentationLoss loss = FocalLoss.softmax().gamma(gamma).mode(Mode.MULTICLASS);
        Outcome outcome = multiclass(backend, loss, new float[] {least, most}, 0);
        assertEquals(Float.POSITIVE_INFINITY, outcome.value);
        assertArrayEquals(new float[] {-.5f, .5f}, outcome.gradient, 0f);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void aNanIsNotSwallowedByASingleClass(String backend) {
    for (SegmentationLoss loss :
        new SegmentationLoss[] {
          new DiceLoss().mode(Mode.MULTICLASS), new CrossEntropyLoss().mode(Mode.MULTICLASS)
        }) {
      Outcome outcome = multiclass(backend, loss, new float[] {Float.NaN, 1}, 0, 0);
      assertTrue(Float.isNaN(outcome.value), loss.toString());
      assertTrue(Float.isNaN(outcome.gradient[0]), loss.toString());
      assertEquals(0f, outcome.gradient[1], 0f, "alone, a class has no gradient");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void infiniteHingeErrorsAreInfiniteLosses(String backend) {
    float inf = Float.POSITIVE_INFINITY;
    SegmentationLoss loss = new LovaszLoss();
    assertEquals(inf, binary(backend, loss, new float[] {inf, inf}, 0, 0).value);
    assertEquals(inf, binary(backend, loss, new float[] {-inf, inf}, 1, 0).value);
    Outcome outcome = binary(backend, loss, new float[] {Float.NaN, Float.NaN}, 0, 0);
    assertTrue(Float.isNaN(outcome.value));
    assertArrayEquals(new float[] {Float.NaN, Float.NaN}, outcome.gradient);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void everyNanOfALongListWithoutForegroundIsOne(String backend) {
    float[] logits = new float[40_000];
    logits[3] = Float.NaN;
    logits[39_000] = Float.NaN;
    Outcome outcome = binary(backend, new LovaszLoss(), logits, new int[logits.length]);
    assertTrue(Float.isNaN(outcome.gradient[3]));
    assertTrue(Float.isNaN(outcome.gradient[39_000]));
    assertEquals(0f, outcome.gradient[4]);
  }

  /** With e the other class's e^-30, both classes have an error of e in one of two pixels. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void lovaszSoftmaxOfSurePredictionsKeepsALossAndAGradient(String backend) {
    SegmentationLoss loss = new LovaszLoss().mode(Mode.MULTICLASS);
    double e = Math.exp(-30);
    Outcome outcome = multiclass(backend, loss, new float[] {30, 0, 0, 30}, 0, 1);
    assertEquals(e, outcome.value, 1e-6 * e);
    // steps of equal errors, by index: 1 and 0 for the first class, 1/2 and 1/2 for the second
    assertGradient(outcome.gradient, -.75 * e, .25 * e, .75 * e, -.25 * e);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void labelsBeyondTheFloatsAreNotTakenForTheirNeighbours(String backend) {
    SegmentationLoss loss = new CrossEntropyLoss().mode(Mode.MULTICLASS).ignoreIndex(16_777_216);
    try (Engine engine = Engine.open(backend)) {
      Tensor x = engine.tensor(new float[4], 1, 2, 2);
      for (DType dtype : new DType[] {DType.I64, DType.I32}) {
        Tensor t = engine.empty(dtype, Shape.of(1, 2));
        t.copyFrom(
            dtype == DType.I64
                ? MemorySegment.ofArray(new long[] {0, 16_777_217})
                : MemorySegment.ofArray(new int[] {0, 16_777_217}));
        Tensor value = loss.forward(x, t);
        assertThrows(DataException.class, value::item, dtype.name());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void meanOfTheBinaryCrossEntropyOverValidPixels(String backend) {
    BceLoss loss = new BceLoss().ignoreIndex(255);
    float[] logits = {.5f, -1.2f, 2, -.3f, Float.NaN, 7};
    int[] targets = {1, 0, 1, 1, 255, 255};
    Outcome ofAll = binary(backend, loss, logits, targets);
    assertEquals(0.4296606768 * 4 / 6, ofAll.value, 3e-7);
    Outcome ofValid = binary(backend, loss.meanOverValid(true), logits, targets);
    assertEquals(0.4296606768, ofValid.value, 4e-7);
    assertGradient(ofValid.gradient, -.0943851672, .0578688041, -.0298007305, -.1436106292, 0, 0);
    int[] none = {255, 255, 255, 255, 255, 255};
    assertEquals(0f, binary(backend, loss.meanOverValid(true), logits, none).value);
  }

  /**
   * Soft targets of several classes: the pixel in the middle, marked in class 0, changes nothing.
   */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void pixelsOfSharesAreIgnored(String backend) {
    for (TruePositiveForm form : TruePositiveForm.values()) {
      SegmentationLoss whole = shares(form, false);
      SegmentationLoss ignoring = shares(form, true);
      float[] all = {1, Float.NaN, -2, .5f, 8, 3};
      float[] shares = {.25f, -1, .5f, .75f, -1, .5f};
      float[] rest = {1, -2, .5f, 3};
      float[] restShares = {.25f, .5f, .75f, .5f};
      try (Engine engine = Engine.open(backend)) {
        LossResult expected =
            whole.forwardBackward(engine.tensor(rest, 1, 2, 2), engine.tensor(restShares, 1, 2, 2));
        LossResult actual =
            ignoring.forwardBackward(engine.tensor(all, 1, 2, 3), engine.tensor(shares, 1, 2, 3));
        assertEquals(expected.value().item(), actual.value().item(), 1e-6);
        float[] e = expected.gradient().toFloatArray();
        float[] g = actual.gradient().toFloatArray();
        assertArrayEquals(new float[] {e[0], 0, e[1], e[2], 0, e[3]}, g, 1e-6f);
      }
    }
  }

  private static SegmentationLoss shares(TruePositiveForm form, boolean ignores) {
    DiceLoss dice = new DiceLoss().mode(Mode.MULTICLASS).truePositives(form);
    CrossEntropyLoss cross = new CrossEntropyLoss().mode(Mode.MULTICLASS);
    FocalLoss focal = FocalLoss.softmax().mode(Mode.MULTICLASS);
    return ignores
        ? dice.ignoreIndex(-1).plus(cross.ignoreIndex(-1)).plus(focal.ignoreIndex(-1))
        : dice.plus(cross).plus(focal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void halfLogitsAreRefusedWhereTheDeviceDoesNotReadThem(String backend) {
    try (Engine engine = Engine.open(backend)) {
      Tensor x = engine.empty(DType.F16, Shape.of(4));
      Tensor t = engine.tensor(new byte[4], 4);
      var e = assertThrows(IllegalArgumentException.class, () -> new DiceLoss().forward(x, t));
      assertTrue(String.valueOf(e.getMessage()).contains("upload them as F32"), e.getMessage());
    }
  }
}
