package dev.quern.bench.definition;

/** What is read off the counts {tn, fp, fn, tp} of a class, and of several classes together. */
public enum ClassScore {
  /** TP / (TP + FP + FN). */
  JACCARD,
  /** 2 TP / (2 TP + FP + FN). */
  DICE,
  /** TP / (TP + FP). */
  PRECISION,
  /** TP / (TP + FN). */
  RECALL,
  /** TN / (TN + FP). */
  SPECIFICITY,
  /** (TP + TN) / all; of classes that exclude one another TP / (TP + FN). */
  ACCURACY;

  /** How classes are averaged. */
  public enum Mean {
    /** The score of the summed counts. */
    MICRO,
    /** Every class alike; of classes that exclude one another only those that occur. */
    MACRO,
    /** By the number of targets. */
    WEIGHTED
  }

  /**
   * Computes the score of one class.
   *
   * @param counts {tn, fp, fn, tp}
   * @param exclusive whether classes exclude one another
   * @param zeroDivision the value of 0 / 0
   * @return the score
   */
  public double of(long[] counts, boolean exclusive, double zeroDivision) {
    double tn = counts[0];
    double fp = counts[1];
    double fn = counts[2];
    double tp = counts[3];
    double above;
    double below;
    switch (this) {
      case JACCARD -> {
        above = tp;
        below = tp + fp + fn;
      }
      case DICE -> {
        above = 2 * tp;
        below = 2 * tp + fp + fn;
      }
      case PRECISION -> {
        above = tp;
        below = tp + fp;
      }
      case SPECIFICITY -> {
        above = tn;
        below = tn + fp;
      }
      case ACCURACY -> {
        above = exclusive ? tp : tp + tn;
        below = exclusive ? tp + fn : tp + tn + fp + fn;
      }
      default -> {
        above = tp;
        below = tp + fn;
      }
    }
    return below == 0 ? zeroDivision : above / below;
  }

  /**
   * Computes the score of several classes.
   *
   * @param rows {tn, fp, fn, tp} of each class
   * @param mean how they are averaged
   * @param exclusive whether classes exclude one another
   * @param ignoredClass the class that the Jaccard index leaves out of MICRO and MACRO; -1 for none
   * @param zeroDivision the value of 0 / 0
   * @return the score; without any class to average NaN for the Jaccard index, 0 for the others
   */
  public double of(
      long[] rows, Mean mean, boolean exclusive, int ignoredClass, double zeroDivision) {
    long[] total = new long[4];
    double sum = 0;
    double weights = 0;
    for (int c = 0; c < rows.length / 4; c++) {
      long[] own = new long[4];
      System.arraycopy(rows, 4 * c, own, 0, 4);
      boolean leftOut = this == JACCARD && c == ignoredClass;
      for (int k = 0; k < 4; k++) {
        total[k] += leftOut ? 0 : own[k];
      }
      boolean absent = exclusive && own[1] + own[2] + own[3] == 0;
      double weight = mean == Mean.WEIGHTED ? own[2] + own[3] : absent || leftOut ? 0 : 1;
      if (weight > 0) {
        sum += weight * of(own, exclusive, zeroDivision);
        weights += weight;
      }
    }
    if (mean == Mean.MICRO) {
      return of(total, exclusive, zeroDivision);
    }
    return weights > 0 ? sum / weights : this == JACCARD ? Double.NaN : 0;
  }
}
