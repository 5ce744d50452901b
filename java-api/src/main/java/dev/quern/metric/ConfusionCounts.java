package dev.quern.metric;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The confusion matrix of a binary prediction and the scores that follow from it. Each score takes
 * what 0 / 0 counts as. Sums of counts are taken in f64, exact up to 2^53, and do not overflow.
 *
 * @param trueNegatives negatives predicted as such
 * @param falsePositives negatives predicted as positive
 * @param falseNegatives positives predicted as negative
 * @param truePositives positives predicted as such
 */
public record ConfusionCounts(
    long trueNegatives, long falsePositives, long falseNegatives, long truePositives) {

  /**
   * Checks the counts.
   *
   * @throws IllegalArgumentException if one is negative
   */
  public ConfusionCounts {
    if ((trueNegatives | falsePositives | falseNegatives | truePositives) < 0) {
      throw new IllegalArgumentException(
          "Counts are not negative, but they are TN %d, FP %d, FN %d, TP %d."
              .formatted(trueNegatives, falsePositives, falseNegatives, truePositives));
    }
  }

  /**
   * Reads rows of counts, as {@link BinaryConfusion#countPerImage} leaves them.
   *
   * @param rows {tn, fp, fn, tp} of each row, one row after another
   * @return the counts of each row
   * @throws IllegalArgumentException if the length is no multiple of 4, or a count is negative
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
   * @throws IllegalArgumentException if one is 2^63 or more
   */
  public ConfusionCounts plus(ConfusionCounts other) {
    return new ConfusionCounts(
        sum(trueNegatives, other.trueNegatives),
        sum(falsePositives, other.falsePositives),
        sum(falseNegatives, other.falseNegatives),
        sum(truePositives, other.truePositives));
  }

  /** The sum of two counts, or what is wrong with it. */
  static long sum(long a, long b) {
    long sum = a + b;
    if (sum < 0) {
      throw new IllegalArgumentException(
          "Counts lie below 2^63, but %d and %d add up to more.".formatted(a, b));
    }
    return sum;
  }

  /**
   * Computes the Jaccard index, intersection over union.
   *
   * @param zeroDivision the value for an empty union
   * @return TP / (TP + FP + FN)
   */
  public double jaccard(double zeroDivision) {
    return Score.JACCARD.of(this, false, zeroDivision);
  }

  /**
   * Computes the Dice coefficient, which is the F1 score.
   *
   * @param zeroDivision the value where there is no positive at all
   * @return 2 TP / (2 TP + FP + FN)
   */
  public double dice(double zeroDivision) {
    return Score.DICE.of(this, false, zeroDivision);
  }

  /**
   * Computes the precision.
   *
   * @param zeroDivision the value where nothing was predicted positive
   * @return TP / (TP + FP)
   */
  public double precision(double zeroDivision) {
    return Score.PRECISION.of(this, false, zeroDivision);
  }

  /**
   * Computes the recall.
   *
   * @param zeroDivision the value where nothing is positive
   * @return TP / (TP + FN)
   */
  public double recall(double zeroDivision) {
    return Score.RECALL.of(this, false, zeroDivision);
  }

  /**
   * Computes the specificity.
   *
   * @param zeroDivision the value where nothing is negative
   * @return TN / (TN + FP)
   */
  public double specificity(double zeroDivision) {
    return Score.SPECIFICITY.of(this, false, zeroDivision);
  }

  /**
   * Computes the accuracy.
   *
   * @param zeroDivision the value for no data
   * @return (TP + TN) / all
   */
  public double accuracy(double zeroDivision) {
    return Score.ACCURACY.of(this, false, zeroDivision);
  }
}
