package dev.quern.bench.definition;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The options of one term of a loss. Lists hold one number per class, or none for the default. */
public sealed interface LossOptions {

  /**
   * Dice, Jaccard and Tversky loss.
   *
   * @param alpha the weight of false positives
   * @param beta the weight of false negatives
   * @param gamma the exponent of the mean
   * @param numerator added to the true positives
   * @param denominator added to the divisor
   * @param eps the least divisor
   * @param logLoss whether -ln max(S, eps) is taken in place of 1 - S
   * @param absentIsZero whether a class without target has loss 0
   * @param shares what the classes weigh in the mean, with sum 1
   */
  record Overlap(
      double alpha,
      double beta,
      double gamma,
      double numerator,
      double denominator,
      double eps,
      boolean logLoss,
      boolean absentIsZero,
      List<Double> shares)
      implements LossOptions {}

  /**
   * Binary cross-entropy.
   *
   * @param mean whether the sum is divided by all elements
   * @param smoothing of the target
   * @param positive factors of the positive part
   */
  record Bce(boolean mean, double smoothing, List<Double> positive) implements LossOptions {}

  /**
   * Focal loss of every class against the rest.
   *
   * @param mean whether the sum is divided by the valid elements
   * @param gamma the exponent
   * @param alpha the weight of positive elements, 1 - alpha that of negative ones; -1 for none
   * @param threshold of the reduced form; 0 for none
   * @param linear whether q = p t + (1 - p) (1 - t) in place of e^-l
   * @param normalized whether the sum is divided by the sum of the weights
   * @param shares what the classes weigh in the mean, with sum 1
   */
  record Focal(
      boolean mean,
      double gamma,
      double alpha,
      double threshold,
      boolean linear,
      boolean normalized,
      List<Double> shares)
      implements LossOptions {}

  /**
   * Cross-entropy of classes that exclude one another.
   *
   * @param mean whether the sum is divided by the sum of the labels' weights
   * @param smoothing the share of the target spread over all classes
   * @param weights of the classes
   */
  record CrossEntropy(boolean mean, double smoothing, List<Double> weights)
      implements LossOptions {}

  /**
   * Focal loss through the softmax.
   *
   * @param mean whether the sum is divided by valid pixels times classes
   * @param gamma the exponent
   * @param alpha the weight of all classes but the first, which weighs 1 - alpha; -1 for none
   */
  record SoftmaxFocal(boolean mean, double gamma, double alpha) implements LossOptions {}

  /**
   * Lovasz hinge of elements, Lovasz-softmax of classes that exclude one another.
   *
   * @param perImage whether every image has its own lists
   * @param classes which classes of the softmax are averaged
   * @param listed those of LISTED
   */
  record Lovasz(boolean perImage, Averaged classes, List<Integer> listed) implements LossOptions {
    /** Which classes are averaged. */
    public enum Averaged {
      /** Those that a valid pixel is labelled with. */
      PRESENT,
      /** All. */
      ALL,
      /** Exactly those listed. */
      LISTED
    }
  }

  /**
   * Returns the term as a sum, whose value over one element or pixel is that one's own loss.
   *
   * @return the options with a sum in place of a mean; null for a term of no own losses
   */
  default @Nullable LossOptions ofEach() {
    return switch (this) {
      case Bce o -> new Bce(false, o.smoothing(), o.positive());
      case Focal o ->
          o.normalized() || !o.shares().isEmpty()
              ? null
              : new Focal(false, o.gamma(), o.alpha(), o.threshold(), o.linear(), false, List.of());
      case CrossEntropy o -> new CrossEntropy(false, o.smoothing(), o.weights());
      case SoftmaxFocal o -> new SoftmaxFocal(false, o.gamma(), o.alpha());
      case Overlap _, Lovasz _ -> null;
    };
  }
}
