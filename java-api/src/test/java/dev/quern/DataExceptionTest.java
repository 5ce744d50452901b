package dev.quern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.loss.BceLoss;
import dev.quern.loss.CrossEntropyLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.Mode;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.MulticlassConfusion;
import dev.quern.metric.MulticlassConfusionOptions;
import dev.quern.metric.MultilabelConfusion;
import dev.quern.reference.ReferenceProvider;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said about labels out of range: which there are, where, and what to do. */
class DataExceptionTest {
  private static String message(Runnable work) {
    return String.valueOf(assertThrows(DataException.class, work::run).getMessage());
  }

  @Test
  void sentences() {
    assertEquals(
        "A target is neither 0 nor 1, first at element 7; map the targets to 0 and 1, or set"
            + " ignoreIndex.",
        DataException.binaryTarget(7, DType.I64, null).getMessage());
    assertEquals(
        "A target is neither 0 nor 1 nor the ignore index -1, first at element 7; map the targets"
            + " to 0 and 1, or change ignoreIndex. Bytes are read as unsigned, 0 to 255, so none is"
            + " -1: (byte) -1 is 255, which ignoreIndex(255) leaves out.",
        DataException.binaryTarget(7, DType.U8, -1).getMessage());
    assertEquals(
        "A label is not one of the 5 classes, 0 to 4, nor the ignore index 255, first at element"
            + " 12; map the labels to the classes, or change ignoreIndex.",
        DataException.classLabel(12, 5, DType.I32, 255).getMessage());
    assertEquals(
        "A label is not one of the 5 classes, 0 to 4, nor the ignore index -100, first at element"
            + " 0; map the labels to the classes, or change ignoreIndex. Bytes are read as"
            + " unsigned, 0 to 255, so none is -100: (byte) -100 is 156, which ignoreIndex(156)"
            + " leaves out.",
        DataException.classLabel(0, 5, DType.U8, -100).getMessage());
  }

  @Test
  void negativeBytesAreSaidToBeUnsigned() {
    byte[] t = {1, -1};
    float[] x = {1, 2};
    var options = new BinaryConfusionOptions().withIgnoreIndex(-1);
    for (SegmentationLoss loss :
        List.<SegmentationLoss>of(
            new BceLoss().ignoreIndex(-1), new LovaszLoss().ignoreIndex(-1))) {
      String message = message(() -> loss.forward(x, t));
      assertTrue(message.contains("ignoreIndex(255)"), message);
    }
    assertTrue(Float.isFinite(new BceLoss().ignoreIndex(255).forward(x, t)));
    String counted = message(() -> BinaryJaccardIndex.count(x, t, options));
    assertTrue(counted.contains("ignoreIndex(255)"), counted);
    try (Engine engine = new Engine(new ReferenceProvider().open(0));
        var metric = new BinaryJaccardIndex(engine, options);
        var labels = new MultilabelConfusion(engine, 1, options);
        var classes =
            new MulticlassConfusion(
                engine, new MulticlassConfusionOptions(3).withIgnoreIndex(-1))) {
      metric.update(engine.tensor(x, 2), engine.tensor(t, 2));
      labels.update(engine.tensor(x, 2, 1), engine.tensor(t, 2, 1));
      classes.update(engine.tensor(new byte[2], 2), engine.tensor(t, 2));
      for (Runnable read : List.<Runnable>of(metric::counts, labels::compute, classes::compute)) {
        String message = message(read);
        assertTrue(message.contains("unsigned") && message.contains("ignoreIndex(255)"), message);
      }
      classes.reset();
      MemorySegment ints = MemorySegment.ofArray(new int[] {1, 9});
      classes.update(
          engine.tensor(new float[6], 2, 3), engine.upload(ints, DType.I32, Shape.of(2)));
      assertTrue(message(classes::compute).contains("0 to 2"));
    }
  }

  @Test
  void labelsThatAreTheIgnoreIndexAsFloatsOnlyAreReported() {
    int ignored = 1 << 24;
    float[] x = {1, 2, 3, 4, 5, 6};
    for (long sign : new long[] {1, -1}) {
      int ignoreIndex = (int) (sign * ignored);
      for (SegmentationLoss loss :
          List.<SegmentationLoss>of(
              new CrossEntropyLoss().ignoreIndex(ignoreIndex),
              new DiceLoss().mode(Mode.MULTICLASS).ignoreIndex(ignoreIndex),
              new LovaszLoss().mode(Mode.MULTICLASS).ignoreIndex(ignoreIndex))) {
        for (long label : new long[] {ignored + 1, ignored + 2, 1L << 32, Long.MAX_VALUE}) {
          long[] far = {0, sign * label};
          assertTrue(
              message(() -> loss(loss, x, MemorySegment.ofArray(far), DType.I64))
                  .contains("first at element 1"));
        }
        int[] near = {0, (int) (sign * (ignored + 1))};
        assertTrue(
            message(() -> loss(loss, x, MemorySegment.ofArray(near), DType.I32))
                .contains("first at element 1"));
        long[] left = {0, ignoreIndex};
        assertTrue(Float.isFinite(loss(loss, x, MemorySegment.ofArray(left), DType.I64)));
      }
    }
  }

  private static float loss(
      SegmentationLoss loss, float[] logits, MemorySegment target, DType dtype) {
    return loss.forwardBackward(
        Shape.of(1, 3, 2), MemorySegment.ofArray(logits), target, dtype, null);
  }

  @Test
  void labelsOfSeveralClassesAreNotSaidToBeBinary() {
    byte[] t = {0, 7};
    try (Engine engine = new Engine(new ReferenceProvider().open(0));
        var metric = new MulticlassConfusion(engine, 3)) {
      Tensor logits = engine.tensor(new float[6], 1, 3, 2);
      Tensor target = engine.tensor(t, 1, 2);
      metric.update(logits, target);
      for (Runnable read :
          List.<Runnable>of(
              () -> new CrossEntropyLoss().forward(logits, target).item(),
              () -> new LovaszLoss().mode(Mode.MULTICLASS).forward(logits, target).item(),
              () ->
                  new CrossEntropyLoss()
                      .forwardBackward(
                          Shape.of(1, 3, 2),
                          MemorySegment.ofArray(new float[6]),
                          MemorySegment.ofArray(t),
                          DType.U8,
                          null),
              metric::compute,
              () -> MulticlassConfusion.count(t, t, new MulticlassConfusionOptions(3)))) {
        String message = message(read);
        assertTrue(message.contains("one of the 3 classes, 0 to 2, first at element 1"), message);
        assertFalse(message.contains("binary"), message);
      }
    }
  }
}
