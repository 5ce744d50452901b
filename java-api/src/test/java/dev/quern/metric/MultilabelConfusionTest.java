package dev.quern.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Scope;
import dev.quern.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class MultilabelConfusionTest {
  // (N, C, 2) = (2, 3, 2)
  private static final float[] LOGITS = {1, -1, 1, 1, -1, -1, -1, -1, 1, -1, -1, -1};
  private static final byte[] TARGET = {1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0};
  private static final MultilabelCounts EXPECTED =
      new MultilabelCounts(
          List.of(
              new ConfusionCounts(1, 0, 2, 1),
              new ConfusionCounts(0, 1, 1, 2),
              new ConfusionCounts(4, 0, 0, 0)),
          0);

  @Test
  void countsClassByClass() {
    try (Engine engine = Engine.open("reference");
        Scope _ = engine.openScope();
        var metric = new MultilabelConfusion(engine, 3, new BinaryConfusionOptions());
        var other = new MultilabelConfusion(engine, 3, new BinaryConfusionOptions())) {
      metric.update(engine.tensor(LOGITS, 2, 3, 1, 2), engine.tensor(TARGET, 2, 3, 1, 2));
      assertEquals(EXPECTED, metric.compute());
      other.merge(metric);
      other.merge(metric);
      assertEquals(EXPECTED.plus(EXPECTED), other.compute());
      metric.reset();
      assertEquals(new ConfusionCounts(0, 0, 0, 0), metric.compute().classes().get(1));
      assertThrows(
          IllegalArgumentException.class,
          () ->
              metric.update(
                  engine.zeros(DType.F32, Shape.of(2, 4)), engine.zeros(DType.U8, Shape.of(2, 4))));
      assertThrows(
          IllegalArgumentException.class, () -> metric.merge(new MultilabelCounts(List.of(), 0)));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> {
          try (Engine engine = Engine.open("reference")) {
            new MultilabelConfusion(engine, 0, new BinaryConfusionOptions()).close();
          }
        });
  }

  @Test
  void countsInMemory() {
    MemorySegment x = MemorySegment.ofArray(LOGITS);
    MemorySegment t = MemorySegment.ofArray(TARGET);
    assertEquals(
        EXPECTED, MultilabelConfusion.count(x, t, DType.U8, 3, 2, new BinaryConfusionOptions()));
    assertThrows(
        IllegalArgumentException.class,
        () -> MultilabelConfusion.count(x, t, DType.U8, 5, 2, new BinaryConfusionOptions()));
  }

  @Test
  void averages() {
    assertArrayEquals(new double[] {1.0 / 3, 0.5, 0}, EXPECTED.perClass(Score.JACCARD), 1e-15);
    assertEquals(3.0 / 7, EXPECTED.score(Score.JACCARD, Average.MICRO), 1e-15);
    // the third class has a part, unlike in multiclass
    assertEquals((1.0 / 3 + 0.5) / 3, EXPECTED.score(Score.JACCARD, Average.MACRO), 1e-15);
    assertEquals(0.5 * (1.0 / 3 + 0.5), EXPECTED.score(Score.JACCARD, Average.WEIGHTED), 1e-15);
    assertEquals(8.0 / 12, EXPECTED.score(Score.ACCURACY, Average.MICRO), 1e-15);
    assertArrayEquals(new double[] {0.5, 0.5, 1}, EXPECTED.perClass(Score.ACCURACY), 1e-15);
  }
}
