package dev.quern.loss;

import dev.quern.spi.loss.LossTerm;

/**
 * Jaccard loss: {@link OverlapLoss} with alpha = beta = 1, so S = (TP + smooth) / max(P + T - TP +
 * smooth, eps).
 */
public final class JaccardLoss extends OverlapLoss<JaccardLoss> {
  /** Creates the binary loss of logits with smooth 0, eps 1e-7, no logarithm, nothing ignored. */
  public JaccardLoss() {
    this(LossSetting.OVERLAP, LossTerm.Overlap.jaccard(0, 1e-7, false), ClassWeights.EQUAL);
  }

  private JaccardLoss(LossSetting setting, LossTerm.Overlap term, ClassWeights weights) {
    super(setting, term, weights);
  }

  /**
   * Creates the loss as MONAI's {@code DiceLoss} with jaccard=True computes it: 1 - (2 TP + 1e-5) /
   * (2 (P + T - TP) + 1e-5), TP the sum of p t, per image, absent classes counted. MONAI's
   * smooth_nr and smooth_dr are twice the {@link #smooth(double, double)} here.
   *
   * @return the loss of logits, in binary mode; MONAI's sigmoid is MULTILABEL, its softmax
   *     MULTICLASS, include_background=False is {@link #classes}, squared_pred the form SQUARED
   */
  public static JaccardLoss monai() {
    return new JaccardLoss(monaiSetting(), monaiTerm(1, 0.5e-5), ClassWeights.EQUAL);
  }

  @Override
  JaccardLoss with(LossSetting newSetting, LossTerm.Overlap newTerm, ClassWeights newWeights) {
    return new JaccardLoss(newSetting, newTerm, newWeights);
  }
}
