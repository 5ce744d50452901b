package dev.quern.metric;

import org.jspecify.annotations.Nullable;

/**
 * How binary predictions become counts.
 *
 * @param predictions what they are; LOGITS by default
 * @param threshold the probability above which one is positive, in [0, 1]; 0.5 by default
 * @param ignoreIndex the target value left out; null, none, by default
 * @param zeroDivision what 0 / 0 counts as in a score, as the Jaccard index of an empty union; 0 by
 *     default, may be NaN
 * @param validate whether targets other than 0, 1 and the ignore index are reported to whoever
 *     reads the counts; true by default. They never count, and finding them costs no waiting either
 *     way.
 */
public record BinaryConfusionOptions(
    Predictions predictions,
    double threshold,
    @Nullable Integer ignoreIndex,
    double zeroDivision,
    boolean validate) {
  /** Checks the threshold. */
  public BinaryConfusionOptions {
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException(
          "The threshold must lie in [0, 1], got " + threshold + ".");
    }
  }

  /** Creates the defaults. */
  public BinaryConfusionOptions() {
    this(Predictions.LOGITS, 0.5, null, 0, true);
  }

  /**
   * Says what the predictions are.
   *
   * @param kind what they are
   * @return options that differ in this
   */
  public BinaryConfusionOptions withPredictions(Predictions kind) {
    return new BinaryConfusionOptions(kind, threshold, ignoreIndex, zeroDivision, validate);
  }

  /**
   * Sets the threshold.
   *
   * @param probability above which a prediction is positive, in [0, 1]
   * @return options that differ in this
   */
  public BinaryConfusionOptions withThreshold(double probability) {
    return new BinaryConfusionOptions(
        predictions, probability, ignoreIndex, zeroDivision, validate);
  }

  /**
   * Leaves pixels out.
   *
   * @param target the target value whose pixels are ignored, null for none
   * @return options that differ in this
   */
  public BinaryConfusionOptions withIgnoreIndex(@Nullable Integer target) {
    return new BinaryConfusionOptions(predictions, threshold, target, zeroDivision, validate);
  }

  /**
   * Sets what 0 / 0 counts as.
   *
   * @param value the score of no pixel
   * @return options that differ in this
   */
  public BinaryConfusionOptions withZeroDivision(double value) {
    return new BinaryConfusionOptions(predictions, threshold, ignoreIndex, value, validate);
  }

  /**
   * Reports faulty targets, or leaves them out silently.
   *
   * @param report whether they are reported
   * @return options that differ in this
   */
  public BinaryConfusionOptions withValidate(boolean report) {
    return new BinaryConfusionOptions(predictions, threshold, ignoreIndex, zeroDivision, report);
  }

  /**
   * Returns where predictions become positive.
   *
   * @return the smallest prediction that counts as positive, with AUTO of logits; NaN if none does
   */
  public float cut() {
    return cut(predictions);
  }

  /** The smallest prediction that counts as positive. */
  float cut(Predictions kind) {
    return switch (kind) {
      case LABELS -> 0.5f;
      case PROBABILITIES -> Math.nextUp((float) threshold);
      case LOGITS, AUTO -> LogitThreshold.of((float) threshold);
    };
  }
}
