package dev.quern.loss;

import dev.quern.spi.loss.LossTerm;

/**
 * Tversky loss: {@link OverlapLoss} with weights of one's own for false positives and negatives,
 * raised to a power: L^gamma with L the mean over classes and images.
 *
 * <p>Source: segmentation_models.pytorch's {@code TverskyLoss}. Unlike there, gamma below 1 has
 * gradient 0, not NaN, where the loss is 0.
 */
public final class TverskyLoss extends OverlapLoss<TverskyLoss> {
  /** Creates the loss with alpha = beta = 1/2 and gamma 1, else as {@link DiceLoss}. */
  public TverskyLoss() {
    this(LossSetting.OVERLAP, LossTerm.Overlap.dice(0, 1e-7, false), ClassWeights.EQUAL);
  }

  private TverskyLoss(LossSetting setting, LossTerm.Overlap term, ClassWeights weights) {
    super(setting, term, weights);
  }

  /**
   * Creates the loss as MONAI's {@code TverskyLoss} computes it: smooth 1e-5 on both sides, TP the
   * sum of p t, per image, absent classes counted.
   *
   * @return the loss of logits, in binary mode
   */
  public static TverskyLoss monai() {
    return new TverskyLoss(monaiSetting(), monaiTerm(0.5, 1e-5), ClassWeights.EQUAL);
  }

  /**
   * Sets the weight of false positives; 1/2 by default.
   *
   * @param alpha at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public TverskyLoss alpha(double alpha) {
    requireAtLeast0("alpha", alpha);
    return with(term.withTversky(alpha, term.beta(), term.gamma()));
  }

  /**
   * Sets the weight of false negatives; 1/2 by default.
   *
   * @param beta at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public TverskyLoss beta(double beta) {
    requireAtLeast0("beta", beta);
    return with(term.withTversky(term.alpha(), beta, term.gamma()));
  }

  /**
   * Sets the exponent of the loss; 1 by default.
   *
   * @param gamma at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public TverskyLoss gamma(double gamma) {
    requireAtLeast0("gamma", gamma);
    return with(term.withTversky(term.alpha(), term.beta(), gamma));
  }

  @Override
  TverskyLoss with(LossSetting newSetting, LossTerm.Overlap newTerm, ClassWeights newWeights) {
    return new TverskyLoss(newSetting, newTerm, newWeights);
  }
}
