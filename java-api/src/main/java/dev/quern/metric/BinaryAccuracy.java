package dev.quern.metric;

import dev.quern.Engine;

/**
 * The accuracy of binary predictions over everything it was updated with: (TP + TN) / all.
 *
 * <p>Source: torchmetrics' {@code BinaryAccuracy}; for differences see {@link BinaryConfusion}.
 */
public final class BinaryAccuracy extends BinaryScore {
  /**
   * Creates the score of logits with threshold 0.5.
   *
   * @param engine where its counts live
   */
  public BinaryAccuracy(Engine engine) {
    this(engine, new BinaryConfusionOptions());
  }

  /**
   * Creates the score.
   *
   * @param engine where its counts live
   * @param options how predictions become counts
   */
  public BinaryAccuracy(Engine engine, BinaryConfusionOptions options) {
    super(engine, options, Score.ACCURACY);
  }
}
