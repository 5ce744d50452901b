package dev.quern.bench.definition;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.definition.BinaryCounts.Kind;
import dev.quern.bench.definition.ClassScore.Mean;
import org.junit.jupiter.api.Test;

/** Confusion counts and scores by hand. */
class CountsTest {
  private static long[] count(Kind kind, double threshold, float[] x, float... target) {
    return new BinaryCounts(kind, threshold, 255).count(x, target, 1, Math.max(1, x.length));
  }

  /** In f32 the sigmoid of 5e-8 is exactly 1/2, that of 1.1e-7 is not. */
  @Test
  void thresholdIsExceededStrictlyByTheRoundedSigmoid() {
    assertArrayEquals(
        new long[] {0, 0, 1, 1}, count(Kind.LOGITS, 0.5, new float[] {5e-8f, 1.3e-7f}, 1, 1));
    assertArrayEquals(
        new long[] {1, 1, 0, 0}, count(Kind.PROBABILITIES, 0.5, new float[] {0.5f, 0.6f}, 0, 0));
  }

  @Test
  void nanIsNegativeAndWhatIsIgnoredOrNoClassCountsNowhere() {
    float[] x = {Float.NaN, 9, 9, 9};
    assertArrayEquals(new long[] {0, 1, 1, 0}, count(Kind.LOGITS, 0.5, x, 1, 255, 2, 0));
  }

  @Test
  void predictionsOutsideTheUnitIntervalAreLogitsIfTheyCount() {
    float[] x = {0.4f, 7};
    assertArrayEquals(new long[] {0, 0, 1, 0}, count(Kind.AUTO, 0.5, x, 1, 255));
    assertArrayEquals(new long[] {0, 0, 0, 2}, count(Kind.AUTO, 0.5, x, 1, 1));
  }

  @Test
  void firstOfTheGreatestScoresWinsAndNanIsGreatest() {
    var matrix = new ClassMatrix(3, null);
    float[] scores = {1, 2, 5, 1, Float.NaN, Float.NaN, 0, Float.NaN, 9};
    // pixels side by side: (1, 1, 0), (2, NaN, NaN), (5, NaN, 9)
    assertArrayEquals(new long[] {0, 1, 1}, matrix.labels(scores, 3));
    assertArrayEquals(
        new long[] {1, 0, 0, 1, 0, 0, 0, 0, 0},
        matrix.count(new long[] {0, 0, 3, 1}, new long[] {0, 1, 1, -1}));
  }

  /** Classes {tp 2, fp 1}, {tp 1, fn 1} and one that never occurs. */
  @Test
  void absentClassesAndAnIgnoredOneLeaveTheJaccardIndex() {
    long[] matrix = {2, 0, 0, 1, 1, 0, 0, 0, 0};
    long[] rows = new ClassMatrix(3, null).rows(matrix);
    assertArrayEquals(new long[] {1, 1, 0, 2, 2, 0, 1, 1, 4, 0, 0, 0}, rows);
    assertEquals((2.0 / 3 + 0.5) / 2, ClassScore.JACCARD.of(rows, Mean.MACRO, true, -1, 0), 1e-15);
    assertEquals(0.5, ClassScore.JACCARD.of(rows, Mean.MACRO, true, 0, 0));
    assertEquals(0.5, ClassScore.JACCARD.of(rows, Mean.MICRO, true, 0, 0));
    assertEquals(0.6, ClassScore.JACCARD.of(rows, Mean.MICRO, true, -1, 0), 1e-15);
    assertEquals(0.75, ClassScore.ACCURACY.of(rows, Mean.MICRO, true, -1, 0));
    assertTrue(Double.isNaN(ClassScore.JACCARD.of(new long[4], Mean.WEIGHTED, true, -1, 0)));
    assertEquals(0, ClassScore.DICE.of(new long[4], Mean.WEIGHTED, true, -1, 0));
  }
}
