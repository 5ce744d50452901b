package dev.quern.simd;

/** Confusion counts of a piece of work. */
final class Confusion {
  long trueNegatives;
  long falsePositives;
  long falseNegatives;
  long truePositives;

  void clear() {
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
  void add(long negatives, long positives, long predicted, long both) {
    long wrong = predicted - both;
    trueNegatives += negatives - wrong;
    falsePositives += wrong;
    falseNegatives += positives - both;
    truePositives += both;
  }
}
