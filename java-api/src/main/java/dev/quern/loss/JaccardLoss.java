package dev.quern.loss;

import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.LossTerm;
import org.jspecify.annotations.Nullable;

/**
 * Jaccard (intersection over union) loss: {@link OverlapLoss} with alpha = beta = 1, so S = (TP +
 * smooth) / max(P + T - TP + smooth, eps).
 */
public final class JaccardLoss extends OverlapLoss<JaccardLoss> {
  /** Creates the loss with smooth 0, eps 1e-7, no logarithm, form MIN, nothing ignored. */
  public JaccardLoss() {
    this(LossTerm.Overlap.jaccard(0, 1e-7, false), TruePositiveForm.MIN, null);
  }

  private JaccardLoss(LossTerm.Overlap term, TruePositiveForm form, @Nullable Integer ignoreIndex) {
    super(term, form, ignoreIndex);
  }

  @Override
  JaccardLoss with(
      LossTerm.Overlap newTerm, TruePositiveForm newForm, @Nullable Integer newIgnoreIndex) {
    return new JaccardLoss(newTerm, newForm, newIgnoreIndex);
  }
}
