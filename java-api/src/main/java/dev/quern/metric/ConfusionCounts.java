package dev.quern.metric;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The confusion matrix of a binary prediction and the scores that follow from it. Each score takes
 * what 0 / 0 counts as.
 *
 * @param trueNegatives negatives predicted as such
 * @param falsePositives negatives predicted as positive
 * @param falseNegatives positives predicted as negative
 * @param truePositives positives predicted as such
 */
public record ConfusionCounts(
    long trueNegatives, long falsePositives, long falseNegatives, long truePositives) {

  /**
   * Reads rows of counts, as {@link BinaryJaccardIndex#countPerImage} leaves them.
   *
   * @param rows {tn, fp, fn, tp} of each row, one row after another
   * @return the counts of each row
   * @throws IllegalArgumentException if the length is no multiple of 4
   */
  public static List<ConfusionCounts> list(long[] rows) {
    if (rows.length % 4 != 0) {
      throw new IllegalArgumentException(
          "A row of counts has 4 elements, but " + rows.length + " are given.");
    }
    var list = new ArrayList<ConfusionCounts>(rows.length / 4);
    for (int i = 0; i < rows.length; i += 4) {
      list.add(new ConfusionCounts(rows[i], rows[i + 1], rows[i + 2], rows[i + 3]));
    }
    return Collections.unmodifiableList(list);
  }

  /**
   * Adds counts of other data.
   *
   * @param other the other counts
   * @return the sums
   */
  public ConfusionCounts plus(ConfusionCounts other) {
    return new ConfusionCounts(
        trueNegatives + other.trueNegatives,
        falsePositives + other.falsePositives,
        falseNegatives + other.falseNegatives,
        truePositives + other.truePositives);
  }

  /**
   * Computes the Jaccard index, intersection over union.
   *
   * @param zeroDivision the value for an empty union
   * @return TP / (TP + FP + FN)
   */
  public double jaccard(double zeroDivision) {
    return ratio(truePositives, truePositives + falsePositives + falseNegatives, zeroDivision);
  }

  /**
   * Computes the Dice coefficient, which is the F1 score.
   *
   * @param zeroDivision the value where there is no positive at all
   * @return 2 TP / (2 TP + FP + FN)
   */
  public double dice(double zeroDivision) {
    return ratio(
        2 * truePositives, 2 * truePositives + falsePositives + falseNegatives, zeroDivision);
  }

  /**
   * Computes the precision.
   *
   * @param zeroDivision the value where nothing was predicted positive
   * @return TP / (TP + FP)
   */
  public double precision(double zeroDivision) {
    return ratio(truePositives, truePositives + falsePositives, zeroDivision);
  }

  /**
   * Computes the recall.
   *
   * @param zeroDivision the value where nothing is positive
   * @return TP / (TP + FN)
   */
  public double recall(double zeroDivision) {
    return ratio(truePositives, truePositives + falseNegatives, zeroDivision);
  }

  /**
   * Computes the specificity.
   *
   * @param zeroDivision the value where nothing is negative
   * @return TN / (TN + FP)
   */
  public double specificity(double zeroDivision) {
    return ratio(trueNegatives, trueNegatives + falsePositives, zeroDivision);
  }

  /**
   * Computes the accuracy.
   *
   * @param zeroDivision the value for no data
   * @return (TP + TN) / all
   */
  public double accuracy(double zeroDivision) {
    long right = truePositives + trueNegatives;
    return ratio(right, right + falsePositives + falseNegatives, zeroDivision);
  }

  private static double ratio(long numerator, long denominator, double zeroDivision) {
    return denominator == 0 ? zeroDivision : (double) numerator / denominator;
  }
}
