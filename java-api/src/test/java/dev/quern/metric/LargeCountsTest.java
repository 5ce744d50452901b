package dev.quern.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.reference.ReferenceProvider;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Counts that no image has, but that sums over many processes and mistakes may have. */
class LargeCountsTest {
  private static final long HUGE = 4_000_000_000_000_000_000L;

  private static void assertRefused(String why, Runnable work) {
    String message = "" + assertThrows(IllegalArgumentException.class, work::run).getMessage();
    assertTrue(message.contains(why), message);
  }

  @Test
  void negativeCountsAreRefused() {
    assertRefused("FP -3", () -> new ConfusionCounts(0, -3, 0, 2));
    assertRefused("TN -1", () -> new ConfusionCounts(-1, 0, 0, 2));
    assertRefused("FN -1", () -> new ConfusionCounts(0, 0, -1, 2));
    assertRefused("TP -1", () -> ConfusionCounts.list(new long[] {0, 0, 0, -1}));
    assertRefused("one is -1", () -> new ConfusionMatrix(2, new long[] {1, -1, 5, 5}, null, 0));
  }

  @Test
  void scoresOfCountsWhoseSumsNoLongHoldsAreRight() {
    ConfusionCounts c = new ConfusionCounts(HUGE, HUGE, HUGE, HUGE);
    assertEquals(1.0 / 3, c.jaccard(0), 1e-15);
    assertEquals(0.5, c.dice(0), 1e-15);
    assertEquals(0.5, c.precision(0), 1e-15);
    assertEquals(0.5, c.recall(0), 1e-15);
    assertEquals(0.5, c.specificity(0), 1e-15);
    assertEquals(0.5, c.accuracy(0), 1e-15);
    // an empty union stays one, however many true negatives there are
    assertEquals(7, new ConfusionCounts(Long.MAX_VALUE, 0, 0, 0).jaccard(7));
    assertEquals(1, new ConfusionCounts(Long.MAX_VALUE, 0, 0, 1).jaccard(7));
  }

  @Test
  void averagesOfCountsWhoseSumsNoLongHoldsAreRight() {
    var counts =
        new MultilabelCounts(
            Collections.nCopies(5, new ConfusionCounts(HUGE, HUGE, HUGE, HUGE)), 0);
    for (Average average : Average.values()) {
      assertEquals(0.5, counts.score(Score.DICE, average), 1e-15);
      assertEquals(0.5, counts.score(Score.SPECIFICITY, average), 1e-15);
      assertEquals(1.0 / 3, counts.score(Score.JACCARD, average), 1e-15);
    }
    long most = Long.MAX_VALUE / 3;
    var matrix = new ConfusionMatrix(3, new long[] {most, 0, 0, 0, most, 0, 0, 0, most}, null, 0);
    for (Score score : Score.values()) {
      assertEquals(1, matrix.score(score, Average.MICRO), score.name());
      assertEquals(1, matrix.score(score, Average.WEIGHTED), score.name());
    }
  }

  @Test
  void sumsThatNoLongHoldsAreRefused() {
    assertRefused("2^63", () -> new ConfusionMatrix(2, new long[] {HUGE, HUGE, HUGE, 2}, null, 0));
    ConfusionCounts c = new ConfusionCounts(1, 2, HUGE, 3);
    ConfusionCounts twice = c.plus(c);
    assertEquals(2 * HUGE, twice.falseNegatives());
    assertRefused("2^63", () -> twice.plus(c));
    var matrix = new ConfusionMatrix(2, new long[] {HUGE, 0, HUGE, 1}, null, 0);
    assertRefused("2^63", () -> matrix.plus(matrix));
    var labels = new MultilabelCounts(List.of(twice), 0);
    assertRefused("2^63", () -> labels.plus(labels));
  }

  @Test
  void mergesThatNoLongHoldsAreRefusedAndChangeNothing() {
    try (Engine engine = new Engine(new ReferenceProvider().open(0));
        var metric = new BinaryJaccardIndex(engine);
        var classes = new MulticlassConfusion(engine, 2)) {
      var huge = new ConfusionCounts(0, 2 * HUGE, 0, 0);
      metric.merge(huge);
      assertRefused("2^63", () -> metric.merge(huge));
      assertEquals(huge, metric.counts());
      var matrix = new ConfusionMatrix(2, new long[] {0, HUGE, HUGE, 0}, null, 0);
      classes.merge(matrix);
      assertRefused("2^63", () -> classes.merge(matrix));
      assertEquals(matrix, classes.compute());
    }
  }
}
