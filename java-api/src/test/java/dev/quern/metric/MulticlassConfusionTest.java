package dev.quern.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.MemoryFormat;
import dev.quern.Scope;
import dev.quern.Shape;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class MulticlassConfusionTest {
  private static final MulticlassConfusionOptions THREE = new MulticlassConfusionOptions(3);

  @Test
  void takesTheFirstGreatestScore() {
    float nan = Float.NaN;
    // two images of two pixels: (N, C, 2)
    float[] scores = {1, 5, 2, 5, 0, 4, /* */ 3, nan, 3, nan, nan, 7};
    byte[] target = {1, 0, 2, 2};
    long[] expected = {1, 0, 0, 0, 1, 0, 1, 0, 1};
    assertArrayEquals(expected, MulticlassConfusion.count(scores, target, 2, THREE).toArray());
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope();
        MulticlassConfusion metric = new MulticlassConfusion(engine, 3)) {
      metric.update(engine.tensor(scores, 2, 3, 2), engine.tensor(target, 2, 2));
      assertArrayEquals(expected, metric.compute().toArray());
    }
  }

  @Test
  void accumulatesMergesAndResets() {
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope();
        MulticlassConfusion metric = new MulticlassConfusion(engine, THREE.withIgnoreIndex(2));
        MulticlassConfusion other = new MulticlassConfusion(engine, 3);
        MulticlassConfusion four = new MulticlassConfusion(engine, 4)) {
      var predicted = engine.tensor(new byte[] {0, 1, 2, 2, 9}, 5);
      var target =
          engine.upload(MemorySegment.ofArray(new long[] {0, 0, 1, 2, 2}), DType.I64, Shape.of(5));
      metric.update(predicted, target);
      long[] once = {1, 1, 0, 0, 0, 1, 0, 0, 0};
      assertArrayEquals(once, metric.compute().toArray());
      other.merge(metric);
      other.merge(metric);
      assertEquals(2, other.compute().count(1, 2));
      assertThrows(IllegalArgumentException.class, () -> four.merge(metric));
      metric.reset();
      assertArrayEquals(new long[9], metric.compute().toArray());
    }
  }

  @Test
  void reportsLabelsThatAreNoClassOnlyIfAsked() {
    byte[] predicted = {0, 1, 3, 1};
    byte[] target = {0, 1, 1, 4};
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope();
        MulticlassConfusion loud = new MulticlassConfusion(engine, 3);
        MulticlassConfusion quiet = new MulticlassConfusion(engine, THREE.withValidate(false))) {
      loud.update(engine.tensor(predicted, 4), engine.tensor(target, 4));
      DataException fault = assertThrows(DataException.class, loud::compute);
      assertTrue(("" + fault.getMessage()).contains("element 2"), fault::toString);
      quiet.update(engine.tensor(predicted, 4), engine.tensor(target, 4));
      assertArrayEquals(new long[] {1, 0, 0, 0, 1, 0, 0, 0, 0}, quiet.compute().toArray());
    }
    assertThrows(DataException.class, () -> MulticlassConfusion.count(predicted, target, THREE));
    assertEquals(
        1, MulticlassConfusion.count(predicted, target, THREE.withValidate(false)).count(1, 1));
  }

  /** Figures worked out by hand from torchmetrics' rules: class 3 is absent. */
  @Test
  void averages() {
    long[] counts = {4, 1, 0, 0, 2, 3, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0};
    ConfusionMatrix m = new ConfusionMatrix(4, counts, null, 0);
    assertEquals(new ConfusionCounts(9, 2, 1, 4), m.counts(0));
    assertArrayEquals(new double[] {4.0 / 7, 0.5, 1, 0}, m.perClass(Score.JACCARD), 1e-15);
    assertEquals(13.0 / 19, m.jaccard(Average.MICRO), 1e-15);
    assertEquals((4.0 / 7 + 0.5 + 1) / 3, m.jaccard(Average.MACRO), 1e-15);
    assertEquals((5 * 4.0 / 7 + 5 * 0.5 + 6) / 16, m.jaccard(Average.WEIGHTED), 1e-15);
    assertEquals(26.0 / 32, m.dice(Average.MICRO), 1e-15);
    assertEquals((4.0 / 6 + 3.0 / 4 + 1) / 3, m.score(Score.PRECISION, Average.MACRO), 1e-15);
    assertEquals(13.0 / 16, m.score(Score.ACCURACY, Average.MICRO), 1e-15);
    assertArrayEquals(new double[] {0.8, 0.6, 1, 0}, m.perClass(Score.ACCURACY), 1e-15);
    assertEquals(45.0 / 48, m.score(Score.SPECIFICITY, Average.MICRO), 1e-15);
    assertEquals((9.0 / 11 + 10.0 / 11 + 1) / 3, m.score(Score.SPECIFICITY, Average.MACRO), 1e-15);
    assertArrayEquals(
        new double[] {4.0 / 7, 0.5, 1, 7},
        new ConfusionMatrix(4, counts, null, 7).perClass(Score.JACCARD),
        1e-15);
  }

  @Test
  void anIgnoredClassIsLeftOutOfTheJaccardIndexOnly() {
    // targets of class 2 were ignored, but it was predicted
    long[] counts = {3, 0, 1, 1, 2, 0, 0, 0, 0};
    ConfusionMatrix m = new ConfusionMatrix(3, counts, 2, 0);
    assertEquals(5.0 / 8, m.jaccard(Average.MICRO), 1e-15);
    assertEquals((3.0 / 5 + 2.0 / 3) / 2, m.jaccard(Average.MACRO), 1e-15);
    assertEquals(10.0 / 14, m.dice(Average.MICRO), 1e-15);
    assertEquals((6.0 / 8 + 4.0 / 5 + 0) / 3, m.dice(Average.MACRO), 1e-15);
  }

  @Test
  void nothingAtAllFollowsTorchmetrics() {
    ConfusionMatrix empty = new ConfusionMatrix(2, new long[4], null, 1);
    assertEquals(1, empty.jaccard(Average.MICRO));
    assertEquals(Double.NaN, empty.jaccard(Average.MACRO));
    assertEquals(Double.NaN, empty.jaccard(Average.WEIGHTED));
    assertEquals(0, empty.dice(Average.MACRO));
    assertEquals(0, empty.dice(Average.WEIGHTED));
  }

  @Test
  void countsLabelsOfEveryDtypeInMemory() {
    ConfusionMatrix expected =
        MulticlassConfusion.count(new byte[] {0, 1, 2}, new byte[] {0, 2, 2}, THREE);
    MemorySegment ints = MemorySegment.ofArray(new int[] {0, 1, 2});
    MemorySegment longs = MemorySegment.ofArray(new long[] {0, 2, 2});
    assertEquals(expected, MulticlassConfusion.count(ints, DType.I32, longs, DType.I64, 1, THREE));
    assertEquals(1, expected.count(2, 1));
  }

  @Test
  void checksItsInput() {
    assertThrows(IllegalArgumentException.class, () -> new MulticlassConfusionOptions(1));
    assertThrows(IllegalArgumentException.class, () -> new MulticlassConfusionOptions(46_341));
    assertThrows(
        IllegalArgumentException.class, () -> new ConfusionMatrix(2, new long[3], null, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new ConfusionMatrix(1, new long[] {-1}, null, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> MulticlassConfusion.count(new float[5], new byte[2], 1, THREE));
    assertThrows(
        IllegalArgumentException.class,
        () -> MulticlassConfusion.count(new float[6], new byte[2], 3, THREE));
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope();
        MulticlassConfusion metric = new MulticlassConfusion(engine, 3)) {
      var scores = engine.zeros(DType.F32, Shape.of(2, 3, 4, 5));
      var labels = engine.zeros(DType.U8, Shape.of(2, 4, 5));
      assertThrows(IllegalArgumentException.class, () -> metric.update(scores, scores));
      assertThrows(
          IllegalArgumentException.class,
          () -> metric.update(scores, engine.zeros(DType.U8, Shape.of(2, 5, 4))));
      assertThrows(
          IllegalArgumentException.class,
          () -> metric.update(engine.zeros(DType.F32, Shape.of(2, 4, 4, 5)), labels));
      assertThrows(
          IllegalArgumentException.class,
          () -> metric.update(engine.zeros(DType.U8, Shape.of(40)), labels));
      var volumes = engine.zeros(DType.F32, Shape.of(2, 3, 4, 5, 2));
      var last = engine.zeros(DType.U8, Shape.of(2, 4, 5, 2), MemoryFormat.CHANNELS_LAST);
      assertThrows(IllegalArgumentException.class, () -> metric.update(volumes, last));
      metric.update(scores, labels);
      assertEquals(40, metric.compute().count(0, 0));
      assertThrows(IllegalArgumentException.class, () -> metric.compute().count(3, 0));
    }
  }
}
