package dev.quern.metric;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The scores of several classes from the counts of each.
 *
 * <p>Source: torchmetrics' reductions. The Jaccard index, reduced by a rule of its own there,
 * differs from the other scores in two ways: where the ignore index is a class, that class is left
 * out of MICRO and MACRO; and where no class has any weight the average is NaN, not 0.
 */
final class ClassScores {
  private final List<ConfusionCounts> classes;
  private final boolean multiclass;
  private final @Nullable Integer ignoredClass;
  private final double zeroDivision;

  /**
   * Takes counts.
   *
   * @param multiclass whether every pixel has exactly one class
   * @param ignoredClass the class whose targets are ignored, if there is one
   */
  ClassScores(
      List<ConfusionCounts> classes,
      boolean multiclass,
      @Nullable Integer ignoredClass,
      double zeroDivision) {
    this.classes = classes;
    this.multiclass = multiclass;
    this.ignoredClass = ignoredClass;
    this.zeroDivision = zeroDivision;
  }

  double[] perClass(Score score) {
    return classes.stream().mapToDouble(c -> score.of(c, multiclass, zeroDivision)).toArray();
  }

  double average(Score score, Average average) {
    return average == Average.MICRO ? micro(score) : mean(score, average);
  }

  private double micro(Score score) {
    double tn = 0;
    double fp = 0;
    double fn = 0;
    double tp = 0;
    for (int c = 0; c < classes.size(); c++) {
      if (score != Score.JACCARD || !isIgnored(c)) {
        ConfusionCounts counts = classes.get(c);
        tn += counts.trueNegatives();
        fp += counts.falsePositives();
        fn += counts.falseNegatives();
        tp += counts.truePositives();
      }
    }
    return score.of(tn, fp, fn, tp, multiclass, zeroDivision);
  }

  private double mean(Score score, Average average) {
    double sum = 0;
    double weights = 0;
    for (int c = 0; c < classes.size(); c++) {
      ConfusionCounts counts = classes.get(c);
      double weight = average == Average.WEIGHTED ? support(counts) : share(score, c);
      if (weight > 0) {
        sum += weight * score.of(counts, multiclass, zeroDivision);
        weights += weight;
      }
    }
    return weights > 0 ? sum / weights : score == Score.JACCARD ? Double.NaN : 0;
  }

  /** Whether a class has a part in MACRO. */
  private double share(Score score, int c) {
    ConfusionCounts counts = classes.get(c);
    boolean absent = multiclass && counts.falsePositives() == 0 && support(counts) == 0;
    return absent || (score == Score.JACCARD && isIgnored(c)) ? 0 : 1;
  }

  private boolean isIgnored(int c) {
    return ignoredClass != null && ignoredClass == c;
  }

  private static double support(ConfusionCounts counts) {
    return (double) counts.truePositives() + counts.falseNegatives();
  }
}
