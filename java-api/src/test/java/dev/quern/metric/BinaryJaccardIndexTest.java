package dev.quern.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.Scope;
import dev.quern.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BinaryJaccardIndexTest {
  @Test
  void logitThresholdIsTheFirstFloatAbove() {
    for (float threshold : new float[] {0f, 1e-30f, 0.3f, 0.5f, 0.75f, 0.99999f}) {
      float cut = LogitThreshold.of(threshold);
      assertTrue((float) (1 / (1 + Math.exp(-(double) cut))) > threshold, "at " + threshold);
      double below = Math.nextDown(cut);
      assertTrue(!((float) (1 / (1 + Math.exp(-below))) > threshold), "below " + threshold);
    }
    // f32 sigmoid of 5e-8 rounds to 0.5, that of 1.2e-7 does not
    float cut = LogitThreshold.of(0.5f);
    assertTrue(cut > 5e-8f && cut <= 1.2e-7f, "" + cut);
    assertTrue(Float.isNaN(LogitThreshold.of(1f)));
  }

  @Test
  void thresholdIsStrict() {
    BinaryConfusionOptions options =
        new BinaryConfusionOptions().withPredictions(Predictions.PROBABILITIES);
    float[] p = {0.5f, Math.nextUp(0.5f), 0.4f, Float.NaN};
    byte[] t = {1, 1, 0, 0};
    assertEquals(new ConfusionCounts(2, 0, 1, 1), BinaryJaccardIndex.count(p, t, options));
  }

  @Test
  void accumulatesMergesAndResets() {
    BinaryConfusionOptions options =
        new BinaryConfusionOptions().withIgnoreIndex(255).withZeroDivision(1);
    try (Engine engine = Engine.open("reference");
        Scope scope = engine.openScope();
        BinaryJaccardIndex metric = new BinaryJaccardIndex(engine, options)) {
      assertEquals(1, metric.compute());
      var x = scope.keep(engine.tensor(new float[] {3, -1, 2, -2, Float.NaN}, 5));
      var t = engine.tensor(new byte[] {1, 1, 0, 0, -1}, 5);
      metric.update(x, t);
      metric.update(x, t);
      assertEquals(new ConfusionCounts(2, 2, 2, 2), metric.counts());
      assertEquals(2.0 / 6, metric.compute());
      metric.merge(new ConfusionCounts(1, 0, 0, 6));
      assertEquals(8.0 / 12, metric.compute());
      metric.reset();
      assertEquals(1, metric.compute());
    }
  }

  @Test
  void autoFollowsTorchmetrics() {
    try (Engine engine = Engine.open("reference");
        Scope scope = engine.openScope();
        BinaryJaccardIndex metric =
            new BinaryJaccardIndex(
                engine, new BinaryConfusionOptions().withPredictions(Predictions.AUTO))) {
      var t = scope.keep(engine.tensor(new byte[] {1, 0}, 2));
      metric.update(engine.tensor(new float[] {0.6f, 0.4f}, 2), t);
      assertEquals(new ConfusionCounts(1, 0, 0, 1), metric.counts());
      metric.reset();
      metric.update(engine.tensor(new float[] {1.6f, 0.4f}, 2), t);
      assertEquals(new ConfusionCounts(0, 1, 0, 1), metric.counts());
    }
  }

  @Test
  void takesLabelsOfEveryDtypeFromTensorsAndMemory() {
    BinaryConfusionOptions options = new BinaryConfusionOptions().withIgnoreIndex(7);
    ConfusionCounts expected = new ConfusionCounts(1, 1, 1, 2);
    float[] x = {3, -1, 2, -2, 1, 9};
    Map<DType, MemorySegment> targets =
        Map.of(
            DType.U8, MemorySegment.ofArray(new byte[] {1, 1, 0, 0, 1, 7}),
            DType.I32, MemorySegment.ofArray(new int[] {1, 1, 0, 0, 1, 7}),
            DType.I64, MemorySegment.ofArray(new long[] {1, 1, 0, 0, 1, 7}),
            DType.F32, MemorySegment.ofArray(new float[] {1, 1, 0, 0, 1, 7}));
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope()) {
      targets.forEach((dtype, target) -> {
        try (BinaryJaccardIndex metric = new BinaryJaccardIndex(engine, options)) {
          metric.update(engine.tensor(x, 6), engine.upload(target, dtype, Shape.of(6)));
          assertEquals(expected, metric.counts(), dtype.toString());
        }
        MemorySegment predictions = MemorySegment.ofArray(x);
        assertEquals(
            expected,
            BinaryJaccardIndex.count(predictions, target, dtype, options),
            dtype.toString());
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment nativeTarget = arena.allocate(target.byteSize()).copyFrom(target);
          assertEquals(
              expected,
              BinaryJaccardIndex.count(predictions, nativeTarget, dtype, options),
              dtype.toString());
        }
      });
    }
  }

  @Test
  void countsEachImageByItself() {
    float[] x = {1, -1, 1, 1, -1, -1};
    byte[] t = {1, 1, 0, 1, 0, 0};
    List<ConfusionCounts> expected =
        List.of(
            new ConfusionCounts(0, 0, 1, 1),
            new ConfusionCounts(0, 1, 0, 1),
            new ConfusionCounts(2, 0, 0, 0));
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope();
        BinaryJaccardIndex metric = new BinaryJaccardIndex(engine)) {
      var rows = metric.countPerImage(engine.tensor(x, 3, 1, 2), engine.tensor(t, 3, 1, 2));
      assertEquals(Shape.of(3, 4), rows.shape());
      assertEquals(expected, ConfusionCounts.list(rows.toLongArray()));
      assertEquals(new ConfusionCounts(0, 0, 0, 0), metric.counts());
    }
    MemorySegment target = MemorySegment.ofArray(t);
    assertEquals(
        expected,
        BinaryJaccardIndex.countPerImage(
            MemorySegment.ofArray(x), target, DType.U8, 3, new BinaryConfusionOptions()));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            BinaryJaccardIndex.countPerImage(
                MemorySegment.ofArray(x), target, DType.U8, 4, new BinaryConfusionOptions()));
    assertThrows(IllegalArgumentException.class, () -> ConfusionCounts.list(new long[5]));
  }

  @Test
  void reportsFaultyTargetsOnlyIfAsked() {
    float[] x = {1, 1, 1};
    byte[] t = {1, 2, 3};
    BinaryConfusionOptions silent = new BinaryConfusionOptions().withValidate(false);
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope();
        BinaryJaccardIndex loud = new BinaryJaccardIndex(engine);
        BinaryJaccardIndex quiet = new BinaryJaccardIndex(engine, silent)) {
      loud.update(engine.tensor(x, 3), engine.tensor(t, 3));
      DataException fault = assertThrows(DataException.class, loud::counts);
      assertTrue(("" + fault.getMessage()).contains("element 1"), fault::toString);
      quiet.update(engine.tensor(x, 3), engine.tensor(t, 3));
      assertEquals(new ConfusionCounts(0, 0, 0, 1), quiet.counts());
      assertThrows(DataException.class, () -> quiet.merge(loud));
      quiet.merge(quiet);
      assertEquals(new ConfusionCounts(0, 0, 0, 2), quiet.counts());
    }
    assertThrows(
        DataException.class, () -> BinaryJaccardIndex.count(x, t, new BinaryConfusionOptions()));
    assertEquals(new ConfusionCounts(0, 0, 0, 1), BinaryJaccardIndex.count(x, t, silent));
  }

  @Test
  void scores() {
    ConfusionCounts c = new ConfusionCounts(50, 10, 20, 30);
    assertEquals(0.5, c.jaccard(0));
    assertEquals(60.0 / 90, c.dice(0));
    assertEquals(0.75, c.precision(0));
    assertEquals(0.6, c.recall(0));
    assertEquals(50.0 / 60, c.specificity(0));
    assertEquals(80.0 / 110, c.accuracy(0));
    assertEquals(7, new ConfusionCounts(0, 0, 0, 0).accuracy(7));
  }

  @Test
  void checksItsInput() {
    assertThrows(
        IllegalArgumentException.class, () -> new BinaryConfusionOptions().withThreshold(1.5));
    assertThrows(
        IllegalArgumentException.class,
        () -> new BinaryConfusionOptions().withThreshold(Double.NaN));
    try (Engine engine = Engine.open("reference");
        BinaryJaccardIndex metric = new BinaryJaccardIndex(engine)) {
      var x = engine.zeros(DType.F32, Shape.of(2));
      var t = engine.zeros(DType.U8, Shape.of(3));
      assertThrows(IllegalArgumentException.class, () -> metric.update(x, t));
      assertThrows(IllegalArgumentException.class, () -> metric.update(t, t));
      assertThrows(IllegalArgumentException.class, () -> metric.countPerImage(x, t));
      assertThrows(IllegalArgumentException.class, () -> metric.countsFor(x, 255));
    }
  }
}
