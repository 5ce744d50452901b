package dev.quern.loss;

import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import dev.quern.spi.LossTerm;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Dice loss, 1 - S or -ln max(S, eps) with S = (TP + smooth) / max((P + T) / 2 + smooth, eps),
 * where TP is the sum of min(p, t), P of p, T of t over all pixels of the batch that are not
 * ignored, and p = sigmoid(logit). 0 is perfect; the coefficient S is not the loss.
 *
 * <p>Source: {@code DiceLoss} of segmentation_models.pytorch 0.5 in binary mode with logits, whose
 * defaults these are. Like there, an empty target gives loss 0 and gradient 0. Unlike there,
 * ignored pixels are truly ignored: NaN in them changes nothing. Form PRODUCT is its definition
 * before 0.4, where {@code smooth} counted half as much; SQUARED is that of V-Net (Milletari et
 * al., 2016).
 */
public final class DiceLoss extends SegmentationLoss {
  private final LossTerm.Dice term;
  private final TruePositiveForm form;
  private final @Nullable Integer ignoreIndex;

  /** Creates the loss with smooth 0, eps 1e-7, no logarithm, form MIN, nothing ignored. */
  public DiceLoss() {
    this(new LossTerm.Dice(0, 1e-7, false), TruePositiveForm.MIN, null);
  }

  private DiceLoss(LossTerm.Dice term, TruePositiveForm form, @Nullable Integer ignoreIndex) {
    this.term = term;
    this.form = form;
    this.ignoreIndex = ignoreIndex;
  }

  /**
   * Sets what is added to both sides of the ratio.
   *
   * @param smooth at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public DiceLoss smooth(double smooth) {
    if (!(smooth >= 0) || Double.isInfinite(smooth)) {
      throw new IllegalArgumentException(
          "smooth must be finite and at least 0, got " + smooth + ".");
    }
    return new DiceLoss(new LossTerm.Dice(smooth, term.eps(), term.logLoss()), form, ignoreIndex);
  }

  /**
   * Sets the least divisor.
   *
   * @param eps above 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public DiceLoss eps(double eps) {
    if (!(eps > 0) || Double.isInfinite(eps)) {
      throw new IllegalArgumentException("eps must be finite and above 0, got " + eps + ".");
    }
    return new DiceLoss(new LossTerm.Dice(term.smooth(), eps, term.logLoss()), form, ignoreIndex);
  }

  /**
   * Chooses between 1 - S and -ln max(S, eps).
   *
   * @param logLoss whether the logarithm is taken
   * @return a loss that differs in this
   */
  public DiceLoss logLoss(boolean logLoss) {
    return new DiceLoss(new LossTerm.Dice(term.smooth(), term.eps(), logLoss), form, ignoreIndex);
  }

  /**
   * Chooses how true positives are counted.
   *
   * @param form MIN (default), PRODUCT or SQUARED
   * @return a loss that differs in this
   */
  public DiceLoss truePositives(TruePositiveForm form) {
    return new DiceLoss(term, form, ignoreIndex);
  }

  /**
   * Leaves pixels out.
   *
   * @param target the target value whose pixels are ignored
   * @return a loss that differs in this
   */
  public DiceLoss ignoreIndex(int target) {
    return new DiceLoss(term, form, target);
  }

  @Override
  List<WeightedTerm> terms() {
    return List.of(new WeightedTerm(term, 1));
  }

  @Override
  @Nullable Integer ignoreIndex() {
    return ignoreIndex;
  }

  @Override
  TruePositiveForm truePositives() {
    return form;
  }
}
