package dev.quern.metric;

import dev.quern.Engine;

/**
 * The Jaccard index, intersection over union, of binary predictions over everything it was updated
 * with: TP / (TP + FP + FN), one ratio of summed counts, not a mean of ratios.
 *
 * <p>Source: torchmetrics' {@code BinaryJaccardIndex}; for differences see {@link BinaryConfusion}.
 */
public final class BinaryJaccardIndex extends BinaryScore {
  /**
   * Creates the score of logits with threshold 0.5.
   *
   * @param engine where its counts live
   */
  public BinaryJaccardIndex(Engine engine) {
    this(engine, new BinaryConfusionOptions());
  }

  /**
   * Creates the score.
   *
   * @param engine where its counts live
   * @param options how predictions become counts
   */
  public BinaryJaccardIndex(Engine engine, BinaryConfusionOptions options) {
    super(engine, options, Score.JACCARD);
  }
}
