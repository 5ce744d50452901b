package dev.quern.metric;

import dev.quern.Engine;

/**
 * The recall of binary predictions over everything it was updated with: TP / (TP + FN).
 *
 * <p>Source: torchmetrics' {@code BinaryRecall}; for differences see {@link BinaryConfusion}.
 */
public final class BinaryRecall extends BinaryScore {
  /**
   * Creates the score of logits with threshold 0.5.
   *
   * @param engine where its counts live
   */
  public BinaryRecall(Engine engine) {
    this(engine, new BinaryConfusionOptions());
  }

  /**
   * Creates the score.
   *
   * @param engine where its counts live
   * @param options how predictions become counts
   */
  public BinaryRecall(Engine engine, BinaryConfusionOptions options) {
    super(engine, options, Score.RECALL);
  }
}
