package dev.quern.loss;

import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.LossTerm;
import java.util.List;

/**
 * What Dice, Jaccard and Tversky loss have in common: per class l = 1 - S or -ln max(S, eps) with S
 * = (TP + smooth) / max(TP + alpha FP + beta FN + smooth, eps), where TP is the sum of min(p, t),
 * FP = P - TP, FN = T - TP, and P and T are the sums of p and t over all pixels of the batch (or of
 * each image) that are not ignored; then the mean over the classes (and images). 0 is perfect; the
 * coefficient S is not the loss.
 *
 * <p>Source: segmentation_models.pytorch 0.5, whose defaults these are. Like there, a class without
 * target gives loss 0 and gradient 0, but counts in the mean. Unlike there, ignored pixels are
 * truly ignored: NaN in them changes nothing.
 *
 * @param <L> the loss itself
 */
public abstract sealed class OverlapLoss<L extends OverlapLoss<L>> extends SingleLoss<L>
    permits DiceLoss, JaccardLoss, TverskyLoss {
  final LossTerm.Overlap term;
  final ClassWeights weights;

  OverlapLoss(LossSetting setting, LossTerm.Overlap term, ClassWeights weights) {
    super(setting);
    this.term = term;
    this.weights = weights;
  }

  abstract L with(LossSetting newSetting, LossTerm.Overlap newTerm, ClassWeights newWeights);

  @Override
  final L with(LossSetting newSetting) {
    return with(newSetting, term, weights);
  }

  final L with(LossTerm.Overlap newTerm) {
    return with(setting(), newTerm, weights);
  }

  /**
   * Sets what is added to both sides of the ratio; 0 by default.
   *
   * @param smooth at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public L smooth(double smooth) {
    return smooth(smooth, smooth);
  }

  /**
   * Sets what is added to each side of the ratio; 0 by default.
   *
   * @param numerator added to TP, at least 0, finite
   * @param denominator added to TP + alpha FP + beta FN, at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public L smooth(double numerator, double denominator) {
    requireAtLeast0("smooth", numerator);
    requireAtLeast0("smooth", denominator);
    return with(term.withSmooth(numerator, denominator));
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
    return with(term.withEps(eps));
  }

  /**
   * Chooses between 1 - S, the default, and -ln max(S, eps).
   *
   * @param logLoss whether the logarithm is taken
   * @return a loss that differs in this
   */
  public L logLoss(boolean logLoss) {
    return with(term.withLogLoss(logLoss));
  }

  /**
   * Chooses whether a class without target in the batch (or image) has loss 0 and gradient 0, as
   * segmentation_models.pytorch (default), or is judged like any other, as MONAI: its false
   * positives then cost up to 1.
   *
   * @param absentIsZero whether it has loss 0
   * @return a loss that differs in this
   */
  public L absentIsZero(boolean absentIsZero) {
    return with(term.withAbsentIsZero(absentIsZero));
  }

  /**
   * Chooses how true positives are counted. PRODUCT is the definition of
   * segmentation_models.pytorch before 0.4, where Dice's {@code smooth} counted half as much;
   * SQUARED is that of V-Net (Milletari et al., 2016) and of MONAI's squared predictions.
   *
   * @param form MIN (default), PRODUCT or SQUARED
   * @return a loss that differs in this
   */
  public L truePositives(TruePositiveForm form) {
    return with(setting().withTruePositives(form));
  }

  /**
   * Chooses between scores over the whole batch, the default, and scores per image, whose losses
   * are averaged.
   *
   * @param perImage whether every image, an index of the leading axis, has scores of its own
   * @return a loss that differs in this
   */
  public L perImage(boolean perImage) {
    return with(setting().withPerImage(perImage));
  }

  /**
   * Restricts the mean to some classes.
   *
   * @param classes their indices; all by default
   * @return a loss that differs in this
   * @throws IllegalArgumentException if there is none, or one is negative or repeated
   */
  public L classes(int... classes) {
    return with(setting(), term, weights.withClasses(classes));
  }

  /**
   * Weighs the classes: the mean becomes sum(w l) / sum(w).
   *
   * @param classWeights one per class of the logits, at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public L classWeights(double... classWeights) {
    return with(setting(), term, weights.withWeights(classWeights));
  }

  @Override
  final LossPart part() {
    return FusedPart.of(
        setting(), classes -> term.withPerClass(weights.shares(classes)), null, true);
  }

  /** MONAI's conventions: TP is the sum of p t, scores per image, absent classes count. */
  static LossSetting monaiSetting() {
    return LossSetting.OVERLAP.withTruePositives(TruePositiveForm.PRODUCT).withPerImage(true);
  }

  static LossTerm.Overlap monaiTerm(double weight, double smooth) {
    return new LossTerm.Overlap(weight, weight, 1, smooth, smooth, 1e-7, false, false, List.of());
  }
}
