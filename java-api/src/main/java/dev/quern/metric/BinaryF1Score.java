package dev.quern.metric;

import dev.quern.Engine;

/**
 * The F1 score of binary predictions, which is the Dice coefficient, over everything it was updated
 * with: 2 TP / (2 TP + FP + FN).
 *
 * <p>Source: torchmetrics' {@code BinaryF1Score}; for differences see {@link BinaryConfusion}.
 */
public final class BinaryF1Score extends BinaryScore {
  /**
   * Creates the score of logits with threshold 0.5.
   *
   * @param engine where its counts live
   */
  public BinaryF1Score(Engine engine) {
    this(engine, new BinaryConfusionOptions());
  }

  /**
   * Creates the score.
   *
   * @param engine where its counts live
   * @param options how predictions become counts
   */
  public BinaryF1Score(Engine engine, BinaryConfusionOptions options) {
    super(engine, options, Score.DICE);
  }
}
