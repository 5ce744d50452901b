package dev.quern.metric;

/** What is read off the counts of a class. */
public enum Score {
  /** TP / (TP + FP + FN). */
  JACCARD,
  /** 2 TP / (2 TP + FP + FN), the same as F1. */
  DICE,
  /** TP / (TP + FP). */
  PRECISION,
  /** TP / (TP + FN). */
  RECALL,
  /** TN / (TN + FP). */
  SPECIFICITY,
  /**
   * (TP + TN) / all of a binary prediction; of one class among several, as in torchmetrics, TP /
   * (TP + FN).
   */
  ACCURACY;

  /** Computes this score of one class. */
  double of(ConfusionCounts counts, boolean multiclass, double zeroDivision) {
    return of(
        (double) counts.trueNegatives(),
        (double) counts.falsePositives(),
        (double) counts.falseNegatives(),
        (double) counts.truePositives(),
        multiclass,
        zeroDivision);
  }

  /** Computes this score of counts, or sums of counts, that a long may not hold. */
  double of(double tn, double fp, double fn, double tp, boolean multiclass, double zeroDivision) {
    return switch (this) {
      case JACCARD -> ratio(tp, tp + fp + fn, zeroDivision);
      case DICE -> ratio(2 * tp, 2 * tp + fp + fn, zeroDivision);
      case PRECISION -> ratio(tp, tp + fp, zeroDivision);
      case RECALL -> ratio(tp, tp + fn, zeroDivision);
      case SPECIFICITY -> ratio(tn, tn + fp, zeroDivision);
      case ACCURACY ->
          multiclass
              ? ratio(tp, tp + fn, zeroDivision)
              : ratio(tp + tn, tp + tn + fp + fn, zeroDivision);
    };
  }

  private static double ratio(double numerator, double denominator, double zeroDivision) {
    return denominator == 0 ? zeroDivision : numerator / denominator;
  }
}
