package dev.quern.loss;

import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.LossTerm;
import org.jspecify.annotations.Nullable;

/**
 * Tversky loss (Salehi et al., 2017), and with an exponent focal Tversky loss as
 * segmentation_models.pytorch has it: {@link OverlapLoss} with weights alpha of false positives and
 * beta of false negatives, raised to gamma. (Abraham and Khan, 2019, raise to 1 / gamma.) A loss
 * that rounding leaves below 0 counts as 0; where it is 0 and gamma is below 1, the gradient is 0
 * instead of NaN.
 */
public final class TverskyLoss extends OverlapLoss<TverskyLoss> {
  /** Creates the loss with alpha = beta = 1/2, gamma 1, and the defaults of the Dice loss. */
  public TverskyLoss() {
    this(LossTerm.Overlap.dice(0, 1e-7, false), TruePositiveForm.MIN, null);
  }

  private TverskyLoss(LossTerm.Overlap term, TruePositiveForm form, @Nullable Integer ignoreIndex) {
    super(term, form, ignoreIndex);
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
    return with(
        new LossTerm.Overlap(
            alpha, term.beta(), term.gamma(), term.smooth(), term.eps(), term.logLoss()),
        form,
        ignoreIndex);
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
    return with(
        new LossTerm.Overlap(
            term.alpha(), beta, term.gamma(), term.smooth(), term.eps(), term.logLoss()),
        form,
        ignoreIndex);
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
    return with(
        new LossTerm.Overlap(
            term.alpha(), term.beta(), gamma, term.smooth(), term.eps(), term.logLoss()),
        form,
        ignoreIndex);
  }

  @Override
  TverskyLoss with(
      LossTerm.Overlap newTerm, TruePositiveForm newForm, @Nullable Integer newIgnoreIndex) {
    return new TverskyLoss(newTerm, newForm, newIgnoreIndex);
  }
}
