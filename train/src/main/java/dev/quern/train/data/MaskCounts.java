package dev.quern.train.data;

/**
 * Pixel counts of predicted against true masks, added over a whole set, and the scores that follow.
 * A score whose divisor is zero is 0.
 *
 * @param tp object in both
 * @param fp object in the prediction only
 * @param fn object in the truth only
 * @param tn object in neither
 */
public record MaskCounts(long tp, long fp, long fn, long tn) {

  /** No pixel seen yet. */
  public static final MaskCounts NONE = new MaskCounts(0, 0, 0, 0);

  /**
   * Adds another set's counts.
   *
   * @param other counts of other pixels
   * @return the sums
   */
  public MaskCounts plus(MaskCounts other) {
    return new MaskCounts(tp + other.tp, fp + other.fp, fn + other.fn, tn + other.tn);
  }

  /**
   * Counts one pair of masks.
   *
   * @param prediction of the same size as {@code truth}
   * @param truth the reference
   * @return the four counts
   */
  public static MaskCounts of(Mask prediction, Mask truth) {
    long[] counts = new long[4];
    for (int i = 0; i < truth.values().length; i++) {
      counts[2 * truth.values()[i] + prediction.values()[i]]++;
    }
    return new MaskCounts(counts[3], counts[1], counts[2], counts[0]);
  }

  /**
   * Intersection over union (Jaccard index).
   *
   * @return {@code tp / (tp + fp + fn)}
   */
  public double iou() {
    return ratio(tp, tp + fp + fn);
  }

  /**
   * Dice coefficient (F1).
   *
   * @return {@code 2 tp / (2 tp + fp + fn)}
   */
  public double dice() {
    return ratio(2 * tp, 2 * tp + fp + fn);
  }

  /**
   * Share of the predicted object that is object.
   *
   * @return {@code tp / (tp + fp)}
   */
  public double precision() {
    return ratio(tp, tp + fp);
  }

  /**
   * Share of the true object that was found.
   *
   * @return {@code tp / (tp + fn)}
   */
  public double recall() {
    return ratio(tp, tp + fn);
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
