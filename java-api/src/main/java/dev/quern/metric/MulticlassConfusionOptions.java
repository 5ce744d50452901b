package dev.quern.metric;

import org.jspecify.annotations.Nullable;

/**
 * What is counted in a confusion matrix.
 *
 * @param classes the number of classes, 2 to 46340
 * @param ignoreIndex the target value left out, a class or not; null, none, by default
 * @param zeroDivision what 0 / 0 counts as in the score of a class; 0 by default, may be NaN
 * @param validate whether labels that are no class are reported to whoever reads the counts; true
 *     by default. They never count, and finding them costs no waiting either way.
 */
public record MulticlassConfusionOptions(
    int classes, @Nullable Integer ignoreIndex, double zeroDivision, boolean validate) {
  private static final int MOST_CLASSES = 46_340;

  /** Checks the number of classes. */
  public MulticlassConfusionOptions {
    if (classes < 2 || classes > MOST_CLASSES) {
      throw new IllegalArgumentException(
          "There must be 2 to %d classes, got %d.".formatted(MOST_CLASSES, classes));
    }
  }

  /**
   * Creates the defaults.
   *
   * @param classes the number of classes
   */
  public MulticlassConfusionOptions(int classes) {
    this(classes, null, 0, true);
  }

  /**
   * Leaves pixels out.
   *
   * @param target the target value whose pixels are ignored, null for none
   * @return options that differ in this
   */
  public MulticlassConfusionOptions withIgnoreIndex(@Nullable Integer target) {
    return new MulticlassConfusionOptions(classes, target, zeroDivision, validate);
  }

  /**
   * Sets what 0 / 0 counts as.
   *
   * @param value the score of a class without any pixel
   * @return options that differ in this
   */
  public MulticlassConfusionOptions withZeroDivision(double value) {
    return new MulticlassConfusionOptions(classes, ignoreIndex, value, validate);
  }

  /**
   * Reports faulty labels, or leaves them out silently.
   *
   * @param report whether they are reported
   * @return options that differ in this
   */
  public MulticlassConfusionOptions withValidate(boolean report) {
    return new MulticlassConfusionOptions(classes, ignoreIndex, zeroDivision, report);
  }

  ConfusionMatrix matrix(long[] counts) {
    return new ConfusionMatrix(classes, counts, ignoreIndex, zeroDivision);
  }
}
