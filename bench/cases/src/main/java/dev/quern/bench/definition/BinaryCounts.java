package dev.quern.bench.definition;

import org.jspecify.annotations.Nullable;

/**
 * Confusion counts {tn, fp, fn, tp} of binary predictions. A prediction is positive if its
 * probability exceeds the threshold, both rounded to f32; NaN is negative. Targets that are neither
 * 0 nor 1 count nowhere.
 *
 * @param kind what predictions are
 * @param threshold the probability above which one is positive
 * @param ignored the target value left out, or null
 */
public record BinaryCounts(Kind kind, double threshold, @Nullable Integer ignored) {

  /** What predictions are. */
  public enum Kind {
    /** Real numbers whose sigmoid is the probability. */
    LOGITS,
    /** Probabilities. */
    PROBABILITIES,
    /** 0 or 1. */
    LABELS,
    /** Logits if one that is not ignored lies outside [0, 1], else probabilities. */
    AUTO
  }

  /**
   * Counts a batch (outer, rows, inner).
   *
   * @param predictions the predictions
   * @param target as many
   * @param rows how many rows
   * @param inner neighbouring elements of one row
   * @return the counts, row after row
   */
  public long[] count(float[] predictions, float[] target, int rows, int inner) {
    Kind each = kind == Kind.AUTO ? guess(predictions, target) : kind;
    long[] counts = new long[4 * rows];
    for (int i = 0; i < predictions.length; i++) {
      boolean valid = target[i] == 0 || target[i] == 1;
      if (valid && !isIgnored(target[i])) {
        int positive = isPositive(each, predictions[i]) ? 1 : 0;
        counts[4 * (i / inner % rows) + 2 * (int) target[i] + positive]++;
      }
    }
    return counts;
  }

  private boolean isIgnored(float target) {
    return ignored != null && target == ignored;
  }

  private Kind guess(float[] predictions, float[] target) {
    for (int i = 0; i < predictions.length; i++) {
      boolean within = predictions[i] >= 0 && predictions[i] <= 1;
      if (!within && !isIgnored(target[i])) {
        return Kind.LOGITS;
      }
    }
    return Kind.PROBABILITIES;
  }

  private boolean isPositive(Kind each, float x) {
    return switch (each) {
      case LABELS -> x == 1;
      case PROBABILITIES -> x > (float) threshold;
      default -> (float) Pixel.sigmoid(x) > (float) threshold;
    };
  }
}
