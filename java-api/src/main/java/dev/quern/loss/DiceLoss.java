package dev.quern.loss;

import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.LossTerm;
import org.jspecify.annotations.Nullable;

/**
 * Dice loss: {@link OverlapLoss} with alpha = beta = 1/2, so S = (TP + smooth) / max((P + T) / 2 +
 * smooth, eps).
 */
public final class DiceLoss extends OverlapLoss<DiceLoss> {
  /** Creates the loss with smooth 0, eps 1e-7, no logarithm, form MIN, nothing ignored. */
  public DiceLoss() {
    this(LossTerm.Overlap.dice(0, 1e-7, false), TruePositiveForm.MIN, null);
  }

  private DiceLoss(LossTerm.Overlap term, TruePositiveForm form, @Nullable Integer ignoreIndex) {
    super(term, form, ignoreIndex);
  }

  @Override
  DiceLoss with(
      LossTerm.Overlap newTerm, TruePositiveForm newForm, @Nullable Integer newIgnoreIndex) {
    return new DiceLoss(newTerm, newForm, newIgnoreIndex);
  }
}
