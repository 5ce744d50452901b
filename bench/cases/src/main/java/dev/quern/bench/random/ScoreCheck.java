package dev.quern.bench.random;

import dev.quern.bench.definition.ClassScore;
import dev.quern.bench.definition.ClassScore.Mean;
import dev.quern.bench.definition.Verdict;
import dev.quern.metric.Average;
import dev.quern.metric.ConfusionCounts;
import dev.quern.metric.Score;
import java.util.Arrays;

/** Compares scores with their definitions. */
final class ScoreCheck {
  /** Rounding of some additions and a division in f64. */
  private static final double SLACK = 1e-14;

  private ScoreCheck() {}

  static boolean near(double expected, double actual) {
    return Double.isNaN(expected)
        ? Double.isNaN(actual)
        : Math.abs(expected - actual) <= SLACK * Math.max(1, Math.abs(expected));
  }

  static double of(ClassScore score, ConfusionCounts counts, double zeroDivision) {
    return switch (score) {
      case JACCARD -> counts.jaccard(zeroDivision);
      case DICE -> counts.dice(zeroDivision);
      case PRECISION -> counts.precision(zeroDivision);
      case RECALL -> counts.recall(zeroDivision);
      case SPECIFICITY -> counts.specificity(zeroDivision);
      case ACCURACY -> counts.accuracy(zeroDivision);
    };
  }

  /** Averaged scores and those of single classes. */
  interface Scores {
    double of(Score score, Average average);

    double[] perClass(Score score);
  }

  static Verdict compare(
      long[] rows, boolean exclusive, int ignoredClass, double zeroDivision, Scores actual) {
    for (ClassScore score : ClassScore.values()) {
      Score named = Score.valueOf(score.name());
      double[] each = actual.perClass(named);
      for (int c = 0; c < each.length; c++) {
        double right =
            score.of(Arrays.copyOfRange(rows, 4 * c, 4 * c + 4), exclusive, zeroDivision);
        if (!near(right, each[c])) {
          return Verdict.wrong(
              "%s of class %d %s in place of %s".formatted(score, c, each[c], right));
        }
      }
      for (Mean mean : Mean.values()) {
        double right = score.of(rows, mean, exclusive, ignoredClass, zeroDivision);
        double given = actual.of(named, Average.valueOf(mean.name()));
        if (!near(right, given)) {
          return Verdict.wrong("%s %s %s in place of %s".formatted(mean, score, given, right));
        }
      }
    }
    return Verdict.RIGHT;
  }
}
