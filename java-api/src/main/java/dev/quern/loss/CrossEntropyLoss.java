package dev.quern.loss;

import dev.quern.spi.loss.LossTerm;
import java.util.List;

/**
 * Cross-entropy of every pixel of classes that exclude one another: the sum over the classes of
 * -q_c ln p_c with q_c = w_c ((1 - s) t_c + s / C), p the softmax of the logits, t_c = 1 for the
 * label or the target's share, weights w and smoothing s. The mean divides by the sum of the valid
 * labels' weights; with a target of shares, by the number of pixels. Mode MULTICLASS only. From
 * probabilities, logarithms are taken of at least 1e-7.
 *
 * <p>Source: PyTorch's {@code CrossEntropyLoss}. Unlike there, the mean over no valid pixel is 0,
 * not NaN, and ignored pixels are ignored whatever their logits are.
 */
public final class CrossEntropyLoss extends ReducedLoss<CrossEntropyLoss> {
  private final double smoothing;
  private final List<Double> weights;

  /** Creates the loss of logits with reduction MEAN, no weights, nothing ignored. */
  public CrossEntropyLoss() {
    this(LossSetting.PIXELS.withMode(Mode.MULTICLASS), Reduction.MEAN, 0, List.of());
  }

  private CrossEntropyLoss(
      LossSetting setting, Reduction reduction, double smoothing, List<Double> weights) {
    super(setting, reduction);
    this.smoothing = smoothing;
    this.weights = weights;
  }

  /**
   * Spreads a share of the target over all classes; 0 by default.
   *
   * @param s in [0, 1]
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public CrossEntropyLoss labelSmoothing(double s) {
    requireWithin0And1("labelSmoothing", s);
    return new CrossEntropyLoss(setting(), reduction, s, weights);
  }

  /**
   * Weighs the classes; 1 by default.
   *
   * @param classWeights one per class, at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public CrossEntropyLoss classWeights(double... classWeights) {
    List<Double> checked = ClassWeights.checked("classWeights", classWeights);
    return new CrossEntropyLoss(setting(), reduction, smoothing, checked);
  }

  @Override
  LossTerm term(int classes) {
    return new LossTerm.CrossEntropy(mean(), smoothing, weights);
  }

  @Override
  CrossEntropyLoss with(LossSetting newSetting, Reduction newReduction) {
    return new CrossEntropyLoss(newSetting, newReduction, smoothing, weights);
  }
}
