package dev.quern.metric;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The counts of several binary predictions per pixel, one a class, and the scores that follow.
 *
 * <p>Source: torchmetrics' multilabel metrics. In MACRO every class has a part, also one that is
 * neither a target nor predicted; in WEIGHTED without any positive target the Jaccard index is NaN
 * and the other scores are 0.
 *
 * @param classes the counts of each class
 * @param zeroDivision what 0 / 0 counts as in the score of a class
 */
public record MultilabelCounts(List<ConfusionCounts> classes, double zeroDivision) {
  /** Makes the list unmodifiable. */
  public MultilabelCounts {
    classes = List.copyOf(classes);
  }

  /**
   * Adds counts of other data.
   *
   * @param other of as many classes
   * @return the sums, with this one's zero division
   * @throws IllegalArgumentException if the numbers of classes differ, or a sum is 2^63 or more
   */
  public MultilabelCounts plus(MultilabelCounts other) {
    if (other.classes.size() != classes.size()) {
      throw new IllegalArgumentException(
          "Counts of %d classes do not add to those of %d."
              .formatted(other.classes.size(), classes.size()));
    }
    return new MultilabelCounts(
        IntStream.range(0, classes.size())
            .mapToObj(c -> classes.get(c).plus(other.classes.get(c)))
            .toList(),
        zeroDivision);
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

  private ClassScores scores() {
    return new ClassScores(classes, false, null, zeroDivision);
  }
}
