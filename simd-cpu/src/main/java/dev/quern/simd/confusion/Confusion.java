package dev.quern.simd.confusion;

/** Confusion counts of a piece of work. */
public final class Confusion {
  public long trueNegatives;
  public long falsePositives;
  public long falseNegatives;
  public long truePositives;

  public void clear() {
    trueNegatives = 0;
    falsePositives = 0;
    falseNegatives = 0;
    truePositives = 0;
  }

  /**
   * Adds pixels.
   *
   * @param negatives those whose target is negative
   * @param positives those whose target is positive
   * @param predicted those that were predicted positive
   * @param both those that are and were predicted
   */
  public void add(long negatives, long positives, long predicted, long both) {
    long wrong = predicted - both;
    trueNegatives += negatives - wrong;
    falsePositives += wrong;
    falseNegatives += positives - both;
    truePositives += both;
  }
}
