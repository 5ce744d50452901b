package dev.quern.bench.definition;

import org.jspecify.annotations.Nullable;

/**
 * The confusion matrix of pixels with one class each, {@code [target * classes + predicted]}. The
 * prediction is the first class with the greatest score; NaN is greater than any number. Pixels
 * whose target is ignored, or whose target or predicted label is no class, count nowhere.
 *
 * @param classes how many classes
 * @param ignored the target value left out, or null
 */
public record ClassMatrix(int classes, @Nullable Integer ignored) {
  /**
   * Counts predicted labels.
   *
   * @param predicted labels
   * @param target as many
   * @return the matrix
   */
  public long[] count(long[] predicted, long[] target) {
    long[] counts = new long[classes * classes];
    for (int i = 0; i < target.length; i++) {
      boolean out = ignored != null && target[i] == ignored;
      if (!out && isClass(target[i]) && isClass(predicted[i])) {
        counts[(int) (target[i] * classes + predicted[i])]++;
      }
    }
    return counts;
  }

  private boolean isClass(long label) {
    return label >= 0 && label < classes;
  }

  /**
   * Finds the labels that scores (images, classes, pixels) predict.
   *
   * @param scores the scores
   * @param pixels of an image
   * @return the labels
   */
  public long[] labels(float[] scores, int pixels) {
    long[] labels = new long[scores.length / classes];
    for (int i = 0; i < labels.length; i++) {
      int base = i / pixels * classes * pixels + i % pixels;
      int best = 0;
      for (int c = 1; c < classes; c++) {
        float leader = scores[base + best * pixels];
        float next = scores[base + c * pixels];
        best = !Float.isNaN(leader) && (next > leader || Float.isNaN(next)) ? c : best;
      }
      labels[i] = best;
    }
    return labels;
  }

  /**
   * Sees every class against all others.
   *
   * @param matrix counts
   * @return {tn, fp, fn, tp} of each class
   */
  public long[] rows(long[] matrix) {
    long[] rows = new long[4 * classes];
    for (int t = 0; t < classes; t++) {
      for (int p = 0; p < classes; p++) {
        long count = matrix[t * classes + p];
        for (int c = 0; c < classes; c++) {
          rows[4 * c + (t == c ? 2 : 0) + (p == c ? 1 : 0)] += count;
        }
      }
    }
    return rows;
  }
}
