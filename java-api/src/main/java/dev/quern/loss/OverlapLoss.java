package dev.quern.loss;

import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import dev.quern.spi.LossTerm;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Dice, Jaccard and Tversky loss have in common: l = 1 - S or -ln max(S, eps) with S = (TP +
 * smooth) / max(TP + alpha FP + beta FN + smooth, eps), where TP is the sum of min(p, t), FP = P -
 * TP, FN = T - TP, P and T the sums of p and t over all pixels of the batch that are not ignored,
 * and p = sigmoid(logit). 0 is perfect; the coefficient S is not the loss.
 *
 * <p>Source: segmentation_models.pytorch 0.5 in binary mode with logits, whose defaults these are.
 * Like there, an empty target gives loss 0 and gradient 0. Unlike there, ignored pixels are truly
 * ignored: NaN in them changes nothing.
 *
 * @param <L> the loss itself
 */
public abstract sealed class OverlapLoss<L extends OverlapLoss<L>> extends SegmentationLoss
    permits DiceLoss, JaccardLoss, TverskyLoss {
  final LossTerm.Overlap term;
  final TruePositiveForm form;
  final @Nullable Integer ignoreIndex;

  OverlapLoss(LossTerm.Overlap term, TruePositiveForm form, @Nullable Integer ignoreIndex) {
    this.term = term;
    this.form = form;
    this.ignoreIndex = ignoreIndex;
  }

  abstract L with(LossTerm.Overlap term, TruePositiveForm form, @Nullable Integer ignoreIndex);

  /**
   * Sets what is added to both sides of the ratio; 0 by default.
   *
   * @param smooth at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public L smooth(double smooth) {
    requireAtLeast0("smooth", smooth);
    return with(
        new LossTerm.Overlap(
            term.alpha(), term.beta(), term.gamma(), smooth, term.eps(), term.logLoss()),
        form,
        ignoreIndex);
  }

  /**
   * Sets the least divisor; 1e-7 by default.
   *
   * @param eps above 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public L eps(double eps) {
    if (!(eps > 0) || Double.isInfinite(eps)) {
      throw new IllegalArgumentException("eps must be finite and above 0, got " + eps + ".");
    }
    return with(
        new LossTerm.Overlap(
            term.alpha(), term.beta(), term.gamma(), term.smooth(), eps, term.logLoss()),
        form,
        ignoreIndex);
  }

  /**
   * Chooses between 1 - S, the default, and -ln max(S, eps).
   *
   * @param logLoss whether the logarithm is taken
   * @return a loss that differs in this
   */
  public L logLoss(boolean logLoss) {
    return with(
        new LossTerm.Overlap(
            term.alpha(), term.beta(), term.gamma(), term.smooth(), term.eps(), logLoss),
        form,
        ignoreIndex);
  }

  /**
   * Chooses how true positives are counted. PRODUCT is the definition of
   * segmentation_models.pytorch before 0.4, where Dice's {@code smooth} counted half as much;
   * SQUARED is that of V-Net (Milletari et al., 2016).
   *
   * @param form MIN (default), PRODUCT or SQUARED
   * @return a loss that differs in this
   */
  public L truePositives(TruePositiveForm form) {
    return with(term, form, ignoreIndex);
  }

  /**
   * Leaves pixels out.
   *
   * @param target the target value whose pixels are ignored
   * @return a loss that differs in this
   */
  public L ignoreIndex(int target) {
    return with(term, form, target);
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

  static void requireAtLeast0(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          name + " must be finite and at least 0, got " + value + ".");
    }
  }
}
