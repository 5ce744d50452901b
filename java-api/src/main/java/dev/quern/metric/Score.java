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
    return switch (this) {
      case JACCARD -> counts.jaccard(zeroDivision);
      case DICE -> counts.dice(zeroDivision);
      case PRECISION -> counts.precision(zeroDivision);
      case RECALL -> counts.recall(zeroDivision);
      case SPECIFICITY -> counts.specificity(zeroDivision);
      case ACCURACY -> multiclass ? counts.recall(zeroDivision) : counts.accuracy(zeroDivision);
    };
  }
}
