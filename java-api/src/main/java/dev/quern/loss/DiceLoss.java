package dev.quern.loss;

import dev.quern.spi.loss.LossTerm;

/**
 * Dice loss: {@link OverlapLoss} with alpha = beta = 1/2, so S = (TP + smooth) / max((P + T) / 2 +
 * smooth, eps).
 */
public final class DiceLoss extends OverlapLoss<DiceLoss> {
  /** Creates the binary loss of logits with smooth 0, eps 1e-7, no logarithm, nothing ignored. */
  public DiceLoss() {
    this(LossSetting.OVERLAP, LossTerm.Overlap.dice(0, 1e-7, false), ClassWeights.EQUAL);
  }

  private DiceLoss(LossSetting setting, LossTerm.Overlap term, ClassWeights weights) {
    super(setting, term, weights);
  }

  /**
   * Creates the loss as MONAI's {@code DiceLoss} computes it: 1 - (2 TP + 1e-5) / (P + T + 1e-5),
   * TP the sum of p t, per image, absent classes counted. MONAI's smooth_nr and smooth_dr are twice
   * the {@link #smooth(double, double)} here.
   *
   * @return the loss of logits, in binary mode; MONAI's sigmoid is MULTILABEL, its softmax
   *     MULTICLASS, include_background=False is {@link #classes}, squared_pred the form SQUARED
   */
  public static DiceLoss monai() {
    return new DiceLoss(monaiSetting(), monaiTerm(0.5, 0.5e-5), ClassWeights.EQUAL);
  }

  @Override
  DiceLoss with(LossSetting newSetting, LossTerm.Overlap newTerm, ClassWeights newWeights) {
    return new DiceLoss(newSetting, newTerm, newWeights);
  }
}
