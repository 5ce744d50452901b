package dev.quern.metric;

import dev.quern.Engine;

/**
 * The specificity of binary predictions over everything it was updated with: TN / (TN + FP).
 *
 * <p>Source: torchmetrics' {@code BinarySpecificity}; for differences see {@link BinaryConfusion}.
 */
public final class BinarySpecificity extends BinaryScore {
  /**
   * Creates the score of logits with threshold 0.5.
   *
   * @param engine where its counts live
   */
  public BinarySpecificity(Engine engine) {
    this(engine, new BinaryConfusionOptions());
  }

  /**
   * Creates the score.
   *
   * @param engine where its counts live
   * @param options how predictions become counts
   */
  public BinarySpecificity(Engine engine, BinaryConfusionOptions options) {
    super(engine, options, Score.SPECIFICITY);
  }
}
