package dev.quern.loss;

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
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What losses refuse, and that they say both sides of the mismatch. */
class LossRefusalTest {

  private static void refused(Executable call, String... words) {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    for (String word : words) {
      assertTrue(message.contains(word), () -> "'" + word + "' in: " + message);
    }
  }

  @Test
  void rangesOfOptions() {
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused(() -> new DiceLoss().smooth(bad), "smooth", String.valueOf(bad));
      refused(() -> new DiceLoss().smooth(0, bad), "smooth", String.valueOf(bad));
      refused(() -> new DiceLoss().eps(bad), "eps", String.valueOf(bad));
      refused(() -> new TverskyLoss().alpha(bad), "alpha", String.valueOf(bad));
      refused(() -> new TverskyLoss().beta(bad), "beta", String.valueOf(bad));
      refused(() -> new TverskyLoss().gamma(bad), "gamma", String.valueOf(bad));
      refused(() -> new FocalLoss().gamma(bad), "gamma", String.valueOf(bad));
      refused(() -> new FocalLoss().alpha(bad), "alpha", String.valueOf(bad));
      refused(() -> new FocalLoss().reducedThreshold(bad), "reducedThreshold");
      refused(() -> new BceLoss().labelSmoothing(bad), "labelSmoothing");
      refused(() -> new BceLoss().positiveWeight(bad), "positiveWeight");
      refused(() -> new CrossEntropyLoss().labelSmoothing(bad), "labelSmoothing");
      refused(() -> new CrossEntropyLoss().classWeights(1, bad), "classWeights");
      refused(() -> new DiceLoss().classWeights(bad), "classWeights");
    }
    refused(() -> new DiceLoss().times(Double.NaN), "NaN");
    refused(() -> new DiceLoss().eps(0), "eps");
    refused(() -> new DiceLoss().classes(), "classes");
    refused(() -> new DiceLoss().classes(1, -1), "-1");
    refused(() -> new DiceLoss().classes(1, 1), "once");
    refused(() -> new DiceLoss().ignoreIndex(1 << 25), "2^24");
    refused(() -> FocalLoss.softmax().normalized(true), "normalized");
    refused(() -> FocalLoss.softmax().reducedThreshold(0.5), "reducedThreshold");
    refused(() -> FocalLoss.softmax().classWeights(1), "classWeights");
  }

  @Test
  void sumsOfLossesThatDoNotGoTogether() {
    SegmentationLoss dice = new DiceLoss();
    refused(() -> dice.plus(new BceLoss().mode(Mode.MULTILABEL)), "BINARY", "MULTILABEL");
    refused(() -> dice.plus(new BceLoss().ignoreIndex(255)), "null", "255");
    refused(() -> dice.plus(new BceLoss().fromProbabilities()), "LOGITS", "PROBABILITIES");
    refused(() -> dice.plus(new DiceLoss().perImage(true)), "false", "true");
    refused(
        () -> dice.plus(new JaccardLoss().truePositives(TruePositiveForm.SQUARED)),
        "MIN",
        "SQUARED");
    refused(() -> dice.plus(new BceLoss().reduction(Reduction.NONE)), "NONE");
    SegmentationLoss two = new FocalLoss().plus(new FocalLoss().gamma(1));
    refused(
        () -> two.forward(new float[1], new byte[1]), "gamma=2.0", "gamma=1.0", "reduction only");
  }

  @Test
  void shapesAndDtypes() {
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope()) {
      Tensor logits = engine.zeros(DType.F32, Shape.of(2, 3, 4));
      Tensor labels = engine.zeros(DType.U8, Shape.of(2, 4));
      SegmentationLoss dice = new DiceLoss().mode(Mode.MULTICLASS);
      refused(
          () -> dice.forward(logits, engine.zeros(DType.U8, Shape.of(2, 5))), "(2, 5)", "(2, 4)");
      refused(
          () -> dice.forward(logits, engine.zeros(DType.U8, Shape.of(2, 3, 4))), "U8", "(2, 3, 4)");
      refused(() -> new DiceLoss().forward(logits, labels), "(2, 4)", "(2, 3, 4)");
      refused(() -> dice.forward(engine.zeros(DType.F32, Shape.of(4)), labels), "(N, C, ...)");
      refused(() -> dice.forward(labels, labels), "U8");
      refused(() -> dice.forward(logits, engine.zeros(DType.BOOL, Shape.of(2, 4))), "BOOL");
      refused(
          () -> new DiceLoss().mode(Mode.MULTICLASS).classes(3).forward(logits, labels),
          "3",
          "3 classes");
      refused(
          () -> new DiceLoss().mode(Mode.MULTICLASS).classWeights(1, 2).forward(logits, labels),
          "2 classWeights",
          "3 classes");
      refused(
          () -> new DiceLoss().mode(Mode.MULTICLASS).classWeights(0, 0, 0).forward(logits, labels),
          "weigh 0");
      refused(
          () -> new BceLoss().mode(Mode.MULTICLASS).forward(logits, labels),
          "binary or multilabel");
      refused(
          () -> new CrossEntropyLoss().mode(Mode.MULTILABEL).forward(logits, logits),
          "multiclass mode");
      refused(() -> new BceLoss().positiveWeight(1, 2).forward(logits, logits), "1 classes", "2");
      refused(() -> new BceLoss().weight(labels).forward(logits, logits), "U8", "do not match");
      refused(
          () -> new FocalLoss().normalized(true).reduction(Reduction.NONE).forward(logits, logits),
          "NONE");
      try (BinaryJaccardIndex metric = new BinaryJaccardIndex(engine)) {
        refused(
            () -> dice.forwardBackward(logits, labels, engine.one(), metric),
            "binary and multilabel");
      }
      try (Engine other = Engine.open("reference");
          Scope _ = other.openScope()) {
        Tensor theirs = other.zeros(DType.U8, Shape.of(2, 4));
        refused(() -> dice.forward(logits, theirs), "engine");
      }
    }
  }

  @Test
  void arraysAndSegments() {
    refused(
        () -> new DiceLoss().mode(Mode.MULTICLASS).forward(new float[6], new byte[6]),
        "MULTICLASS",
        "Shape");
    refused(() -> new DiceLoss().perImage(true).forward(new float[6], new byte[6]), "per image");
    refused(() -> new DiceLoss().forward(new float[6], new byte[5]), "6", "5");
    refused(
        () ->
            new DiceLoss()
                .mode(Mode.MULTICLASS)
                .forwardBackward(
                    Shape.of(1, 3, 2),
                    MemorySegment.ofArray(new float[6]),
                    MemorySegment.ofArray(new int[3]),
                    DType.I32,
                    null),
        "12 bytes",
        "2 elements");
    refused(
        () -> new BceLoss().reduction(Reduction.NONE).forward(new float[6], new byte[6]),
        "NONE",
        "tensors");
  }

  @Test
  void labelsOutOfRangeNameTheFirst() {
    SegmentationLoss loss = new DiceLoss().mode(Mode.MULTICLASS).plus(new CrossEntropyLoss());
    float[] gradient = new float[12];
    DataException e =
        assertThrows(
            DataException.class,
            () ->
                loss.forwardBackward(
                    Shape.of(2, 3, 2),
                    MemorySegment.ofArray(new float[12]),
                    MemorySegment.ofArray(new long[] {0, 2, 3, -1}),
                    DType.I64,
                    MemorySegment.ofArray(gradient)));
    assertTrue(String.valueOf(e.getMessage()).contains("element 2;"), e.toString());
    assertEquals(0f, gradient[6]);
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope()) {
      Tensor logits = engine.zeros(DType.F32, Shape.of(1, 2, 2));
      Tensor target = engine.tensor(new byte[] {1, 7}, 1, 2);
      Tensor value = new CrossEntropyLoss().forward(logits, target);
      assertThrows(DataException.class, value::item);
    }
  }
}
