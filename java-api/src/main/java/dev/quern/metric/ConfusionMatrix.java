package dev.quern.metric;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How often each class was taken for each, and the scores that follow. Every pixel has one class
 * and one predicted class.
 *
 * <p>Source of the scores: torchmetrics' multiclass metrics. Ignored targets are not in the matrix.
 * If the ignore index is itself a class, it may still be predicted: that counts against the class
 * that the target has, and in the scores other than the Jaccard index also as a class of its own.
 * Where no class has any weight, an average is 0, of the Jaccard index NaN.
 */
public final class ConfusionMatrix {
  private final int classes;
  private final long[] counts;
  private final @Nullable Integer ignoreIndex;
  private final double zeroDivision;

  /**
   * Takes counts.
   *
   * @param classes the number of classes
   * @param counts row by row, {@code counts[target * classes + predicted]}
   * @param ignoreIndex the target value that was left out, null for none
   * @param zeroDivision what 0 / 0 counts as in the score of a class
   * @throws IllegalArgumentException if there are not classes times classes counts, one is
   *     negative, or they add up to 2^63 or more
   */
  public ConfusionMatrix(
      int classes, long[] counts, @Nullable Integer ignoreIndex, double zeroDivision) {
    if (classes < 1 || counts.length != (long) classes * classes) {
      throw new IllegalArgumentException(
          "%d classes do not have %d counts.".formatted(classes, counts.length));
    }
    long all = 0;
    for (long count : counts) {
      if (count < 0) {
        throw new IllegalArgumentException("Counts are not negative, but one is " + count + ".");
      }
      all = ConfusionCounts.sum(all, count);
    }
    this.classes = classes;
    this.counts = counts.clone();
    this.ignoreIndex = ignoreIndex;
    this.zeroDivision = zeroDivision;
  }

  /**
   * Returns the number of classes.
   *
   * @return the number of classes
   */
  public int classes() {
    return classes;
  }

  /**
   * Returns one count.
   *
   * @param target a class
   * @param predicted a class
   * @return how many pixels of the one were predicted as the other
   */
  public long count(int target, int predicted) {
    requireClass(target);
    requireClass(predicted);
    return counts[target * classes + predicted];
  }

  /**
   * Returns all counts.
   *
   * @return a copy, row by row: {@code [target * classes + predicted]}
   */
  public long[] toArray() {
    return counts.clone();
  }

  /**
   * Sees one class against all others.
   *
   * @param c a class
   * @return its counts
   */
  public ConfusionCounts counts(int c) {
    requireClass(c);
    long both = counts[c * classes + c];
    long targets = 0;
    long predictions = 0;
    long all = 0;
    for (int i = 0; i < classes; i++) {
      targets += counts[c * classes + i];
      predictions += counts[i * classes + c];
    }
    for (long count : counts) {
      all += count;
    }
    return new ConfusionCounts(
        all - targets - predictions + both, predictions - both, targets - both, both);
  }

  /**
   * Adds counts of other data.
   *
   * @param other of as many classes
   * @return the sums, with this one's ignore index and zero division
   * @throws IllegalArgumentException if the numbers of classes differ, or the sums add up to 2^63
   *     or more
   */
  public ConfusionMatrix plus(ConfusionMatrix other) {
    if (other.classes != classes) {
      throw new IllegalArgumentException(
          "A matrix of %d classes does not add to one of %d.".formatted(other.classes, classes));
    }
    long[] sum = new long[counts.length];
    Arrays.setAll(sum, i -> ConfusionCounts.sum(counts[i], other.counts[i]));
    return new ConfusionMatrix(classes, sum, ignoreIndex, zeroDivision);
  }

  /**
   * Computes a score of every class by itself.
   *
   * @param score what is computed
   * @return one number a class
   */
  public double[] perClass(Score score) {
    return scores().perClass(score);
  }

  /**
   * Computes a score over all classes.
   *
   * @param score what is computed
   * @param average how classes become one number
   * @return the score
   */
  public double score(Score score, Average average) {
    return scores().average(score, average);
  }

  /**
   * Computes the Jaccard index.
   *
   * @param average how classes become one number
   * @return intersection over union
   */
  public double jaccard(Average average) {
    return score(Score.JACCARD, average);
  }

  /**
   * Computes the Dice coefficient, which is the F1 score.
   *
   * @param average how classes become one number
   * @return 2 TP / (2 TP + FP + FN)
   */
  public double dice(Average average) {
    return score(Score.DICE, average);
  }

  private ClassScores scores() {
    Integer ignored =
        ignoreIndex != null && ignoreIndex >= 0 && ignoreIndex < classes ? ignoreIndex : null;
    List<ConfusionCounts> each = IntStream.range(0, classes).mapToObj(this::counts).toList();
    return new ClassScores(each, true, ignored, zeroDivision);
  }

  private void requireClass(int c) {
    if (c < 0 || c >= classes) {
      throw new IllegalArgumentException(
          "Class %d does not exist: there are %d, counted from 0.".formatted(c, classes));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConfusionMatrix m
        && m.classes == classes
        && Arrays.equals(m.counts, counts);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return "ConfusionMatrix" + Arrays.toString(counts);
  }
}
