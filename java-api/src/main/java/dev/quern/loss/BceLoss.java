package dev.quern.loss;

import dev.quern.Tensor;
import dev.quern.spi.loss.LossTerm;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Binary cross-entropy of every element: (1 - t) ln(1 + e^x) + v t ln(1 + e^-x) of logit x, target
 * t and positive weight v; from probabilities -(v t ln p + (1 - t) ln(1 - p)) with logarithms of at
 * least -100. The mean divides by the number of all elements, ignored ones included, whatever the
 * weights. Modes BINARY and MULTILABEL.
 *
 * <p>Source: PyTorch's {@code BCEWithLogitsLoss} and {@code BCELoss}, and with an ignore index or
 * smoothing {@code SoftBCEWithLogitsLoss} of segmentation_models.pytorch. Unlike there, an infinite
 * logit on the target's side costs 0 instead of NaN, whatever stands in ignored pixels changes
 * nothing, and the mean over no element is 0.
 */
public final class BceLoss extends ReducedLoss<BceLoss> {
  private final double smoothing;
  private final List<Double> positiveWeights;
  private final @Nullable Tensor weight;
  private final boolean ofValid;

  /** Creates the binary loss of logits with reduction MEAN, no weights, nothing ignored. */
  public BceLoss() {
    this(LossSetting.PIXELS, Reduction.MEAN, 0, List.of(), null, false);
  }

  private BceLoss(
      LossSetting setting,
      Reduction reduction,
      double smoothing,
      List<Double> positiveWeights,
      @Nullable Tensor weight,
      boolean ofValid) {
    super(setting, reduction);
    this.ofValid = ofValid;
    this.smoothing = smoothing;
    this.positiveWeights = positiveWeights;
    this.weight = weight;
  }

  /**
   * Smooths the target: t becomes (1 - t) s + t (1 - s). 0 by default.
   *
   * @param s in [0, 1]
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public BceLoss labelSmoothing(double s) {
    requireWithin0And1("labelSmoothing", s);
    return new BceLoss(setting(), reduction, s, positiveWeights, weight, ofValid);
  }

  /**
   * Weighs the positive part; 1 by default.
   *
   * @param weights one per class, in mode BINARY a single one; at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public BceLoss positiveWeight(double... weights) {
    List<Double> checked = ClassWeights.checked("positiveWeight", weights);
    return new BceLoss(setting(), reduction, smoothing, checked, weight, ofValid);
  }

  /**
   * Weighs every element.
   *
   * @param factors F32 of the logits' shape, or one that is repeated along axes in which its extent
   *     is 1, as NumPy does: (C, 1, 1) or (N, 1, H, W); read, and repeated, at every call; stays
   *     the caller's
   * @return a loss that differs in this
   */
  public BceLoss weight(Tensor factors) {
    return new BceLoss(setting(), reduction, smoothing, positiveWeights, factors, ofValid);
  }

  /**
   * Divides a mean by the number of elements that are not ignored, as PyTorch's cross-entropy does;
   * by default by the number of all, as segmentation_models.pytorch does.
   *
   * @param value whether ignored elements are left out of the divisor
   * @return a loss that differs in this; the mean over no valid element is 0
   */
  public BceLoss meanOverValid(boolean value) {
    return new BceLoss(setting(), reduction, smoothing, positiveWeights, weight, value);
  }

  @Override
  LossTerm term(int classes) {
    return new LossTerm.Bce(mean(), smoothing, weight != null, positiveWeights, ofValid);
  }

  @Override
  @Nullable Tensor weight() {
    return weight;
  }

  @Override
  BceLoss with(LossSetting newSetting, Reduction newReduction) {
    return new BceLoss(newSetting, newReduction, smoothing, positiveWeights, weight, ofValid);
  }
}
