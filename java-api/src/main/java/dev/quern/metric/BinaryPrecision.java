package dev.quern.metric;

import dev.quern.Engine;

/**
 * The precision of binary predictions over everything it was updated with: TP / (TP + FP).
 *
 * <p>Source: torchmetrics' {@code BinaryPrecision}; for differences see {@link BinaryConfusion}.
 */
public final class BinaryPrecision extends BinaryScore {
  /**
   * Creates the score of logits with threshold 0.5.
   *
   * @param engine where its counts live
   */
  public BinaryPrecision(Engine engine) {
    this(engine, new BinaryConfusionOptions());
  }

  /**
   * Creates the score.
   *
   * @param engine where its counts live
   * @param options how predictions become counts
   */
  public BinaryPrecision(Engine engine, BinaryConfusionOptions options) {
    super(engine, options, Score.PRECISION);
  }
}
