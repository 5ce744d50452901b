package dev.quern.loss;

import dev.quern.spi.loss.LossTerm;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Focal loss (Lin et al., 2017) of every element: a (1 - q)^gamma l with its binary cross-entropy
 * l, q = e^-l, and a = alpha t + (1 - alpha) (1 - t), or 1 without alpha. MULTILABEL and
 * MULTICLASS: per class, each against the rest through the sigmoid, then the mean over the classes.
 * The mean divides by the number of elements that are not ignored.
 *
 * <p>Source: segmentation_models.pytorch's {@code FocalLoss}, whose defaults these are. {@link
 * #torchvision} differs for soft targets, {@link #softmax} is MONAI's form through the softmax.
 * Unlike the references, gamma below 1 has finite gradients at saturated pixels, confident pixels
 * lose no digits, MULTILABEL works with an ignore index, the mean over no element is 0, and from
 * probabilities (limited to [1e-7, 1 - 1e-7]) the logit is ln(p / (1 - p)) in every mode.
 */
public final class FocalLoss extends ReducedLoss<FocalLoss> {
  private final @Nullable Double alpha;
  private final double gamma;
  private final double reducedThreshold;
  private final boolean linear;
  private final boolean normalized;
  private final boolean softmax;
  private final ClassWeights weights;

  /** Creates the binary loss of logits with gamma 2, no alpha, reduction MEAN, nothing ignored. */
  public FocalLoss() {
    this(LossSetting.PIXELS, Reduction.MEAN, null, 2, 0, false, false, false, ClassWeights.EQUAL);
  }

  private FocalLoss(
      LossSetting setting,
      Reduction reduction,
      @Nullable Double alpha,
      double gamma,
      double reducedThreshold,
      boolean linear,
      boolean normalized,
      boolean softmax,
      ClassWeights weights) {
    super(setting, reduction);
    this.alpha = alpha;
    this.gamma = gamma;
    this.reducedThreshold = reducedThreshold;
    this.linear = linear;
    this.normalized = normalized;
    this.softmax = softmax;
    this.weights = weights;
  }

  /**
   * Creates the loss as torchvision's {@code sigmoid_focal_loss}: q = p t + (1 - p) (1 - t), alpha
   * 0.25, gamma 2, reduction NONE.
   *
   * @return the binary loss of logits
   */
  public static FocalLoss torchvision() {
    return new FocalLoss(
        LossSetting.PIXELS, Reduction.NONE, 0.25, 2, 0, true, false, false, ClassWeights.EQUAL);
  }

  /**
   * Creates the loss through the softmax, as MONAI's {@code FocalLoss} with use_softmax: the sum
   * over the classes of -a_c t_c (1 - p_c)^gamma ln p_c, with a = 1 - alpha for class 0 and alpha
   * for the rest; the mean divides by pixels times classes. (MONAI's sigmoid form is the plain loss
   * in mode MULTILABEL.)
   *
   * @return the loss of logits in mode MULTICLASS with gamma 2, no alpha
   */
  public static FocalLoss softmax() {
    LossSetting setting = LossSetting.PIXELS.withMode(Mode.MULTICLASS);
    return new FocalLoss(
        setting, Reduction.MEAN, null, 2, 0, false, false, true, ClassWeights.EQUAL);
  }

  /**
   * Weighs positive elements by alpha and negative ones by 1 - alpha; not weighted by default.
   *
   * @param value in [0, 1]
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public FocalLoss alpha(double value) {
    requireWithin0And1("alpha", value);
    return new FocalLoss(
        setting(), reduction, value, gamma, reducedThreshold, linear, normalized, softmax, weights);
  }

  /**
   * Takes alpha back: positive and negative elements weigh 1.
   *
   * @return a loss that differs in this
   */
  public FocalLoss withoutAlpha() {
    return new FocalLoss(
        setting(), reduction, null, gamma, reducedThreshold, linear, normalized, softmax, weights);
  }

  /**
   * Sets the exponent; 2 by default.
   *
   * @param value at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public FocalLoss gamma(double value) {
    requireAtLeast0("gamma", value);
    return new FocalLoss(
        setting(), reduction, alpha, value, reducedThreshold, linear, normalized, softmax, weights);
  }

  /**
   * Sets the weight to 1 where q is below a threshold th, and to ((1 - q) / th)^gamma elsewhere;
   * off by default.
   *
   * @param th above 0, at most 1
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range, or the loss goes through the softmax
   */
  public FocalLoss reducedThreshold(double th) {
    if (!(th > 0 && th <= 1)) {
      throw new IllegalArgumentException("reducedThreshold must lie in (0, 1], got " + th + ".");
    }
    requireSigmoid("reducedThreshold");
    return new FocalLoss(
        setting(), reduction, alpha, gamma, th, linear, normalized, softmax, weights);
  }

  /**
   * Chooses whether each class is divided by max(sum of its weights (1 - q)^gamma, 1e-6), through
   * which the gradient flows; off by default. With reduction MEAN the number of elements divides as
   * well.
   *
   * @param value whether it is
   * @return a loss that differs in this
   * @throws IllegalArgumentException if the loss goes through the softmax
   */
  public FocalLoss normalized(boolean value) {
    requireSigmoid("normalized");
    return new FocalLoss(
        setting(), reduction, alpha, gamma, reducedThreshold, linear, value, softmax, weights);
  }

  /**
   * Weighs the classes: the mean becomes sum(w l) / sum(w).
   *
   * @param classWeights one per class of the logits, at least 0, finite
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range, or the loss goes through the softmax
   */
  public FocalLoss classWeights(double... classWeights) {
    requireSigmoid("classWeights");
    return new FocalLoss(
        setting(),
        reduction,
        alpha,
        gamma,
        reducedThreshold,
        linear,
        normalized,
        softmax,
        weights.withWeights(classWeights));
  }

  private void requireSigmoid(String option) {
    if (softmax) {
      throw new IllegalArgumentException(
          "The focal loss through the softmax has no option " + option + ".");
    }
  }

  @Override
  LossTerm term(int classes) {
    return softmax ? softmaxTerm(classes) : sigmoidTerm(classes);
  }

  private LossTerm sigmoidTerm(int classes) {
    double positive = alpha == null ? 1 : alpha;
    double negative = alpha == null ? 1 : 1 - alpha;
    return new LossTerm.Focal(
        mean(),
        gamma,
        positive,
        negative,
        reducedThreshold,
        linear,
        normalized,
        weights.shares(classes));
  }

  private LossTerm softmaxTerm(int classes) {
    List<Double> factors = new ArrayList<>();
    if (alpha != null) {
      for (int c = 0; c < classes; c++) {
        factors.add(c == 0 ? 1 - alpha : alpha);
      }
    }
    return new LossTerm.SoftmaxFocal(mean(), gamma, factors);
  }

  @Override
  FocalLoss with(LossSetting newSetting, Reduction newReduction) {
    return new FocalLoss(
        newSetting,
        newReduction,
        alpha,
        gamma,
        reducedThreshold,
        linear,
        normalized,
        softmax,
        weights);
  }
}
