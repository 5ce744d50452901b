package dev.quern.metric;

import dev.quern.DataException;
import dev.quern.Engine;

/** The counts of binary predictions, and one score of them, taken in f64. */
public abstract sealed class BinaryScore extends BinaryConfusion
    permits BinaryAccuracy,
        BinaryF1Score,
        BinaryJaccardIndex,
        BinaryPrecision,
        BinaryRecall,
        BinarySpecificity {
  private final Score score;
  private final double zeroDivision;

  BinaryScore(Engine engine, BinaryConfusionOptions options, Score score) {
    super(engine, options);
    this.score = score;
    this.zeroDivision = options.zeroDivision();
  }

  /**
   * Computes the score over everything since the last reset; waits.
   *
   * @return the score; {@link BinaryConfusionOptions#zeroDivision} where it is 0 / 0
   * @throws DataException if a target was out of range since then, every time
   */
  public final double compute() {
    return score.of(counts(), false, zeroDivision);
  }
}
