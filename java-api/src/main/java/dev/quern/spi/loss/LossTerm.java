package dev.quern.spi.loss;

import java.util.List;

/**
 * One loss of a {@link FusedLossSpec}; its formula is in {@code formulas/loss_*.inc}. Lists hold
 * one number per class, or none for the default.
 */
public sealed interface LossTerm {
  /**
   * Returns the numbers per class.
   *
   * @return one per class, or none
   */
  List<Double> perClass();

  /**
   * Returns the classes' shares in this term.
   *
   * @param classes the number of classes
   * @return one per class: those given, or all 1 / C; 1 / C for terms that do not share
   */
  default double[] shares(int classes) {
    boolean given = !perClass().isEmpty() && (this instanceof Overlap || this instanceof Focal);
    double[] shares = new double[classes];
    for (int c = 0; c < classes; c++) {
      shares[c] = given ? perClass().get(c) : 1.0 / classes;
    }
    return shares;
  }

  /**
   * Tells whether one pass can serve this term and another.
   *
   * @param other the other term
   * @return whether they are of different kinds, are overlaps, or differ in reduction only
   */
  default boolean isCompatible(LossTerm other) {
    return switch (this) {
      case Overlap a -> true;
      case Bce a ->
          !(other instanceof Bce b)
              || a.equals(new Bce(a.mean, b.smoothing, b.weighted, b.perClass, a.ofValid));
      case Focal a ->
          !(other instanceof Focal b)
              || a.equals(
                  new Focal(
                      a.mean,
                      b.gamma,
                      b.positive,
                      b.negative,
                      b.reducedThreshold,
                      b.linear,
                      b.normalized,
                      b.perClass));
      case CrossEntropy a ->
          !(other instanceof CrossEntropy b)
              || a.equals(new CrossEntropy(a.mean, b.smoothing, b.perClass));
      case SoftmaxFocal a ->
          !(other instanceof SoftmaxFocal b)
              || a.equals(new SoftmaxFocal(a.mean, b.gamma, b.perClass));
    };
  }

  /**
   * L^gamma with L the mean over images (if scores are per image) and the weighted sum over classes
   * of l = 1 - S, or -ln max(S, eps), and S = (TP + smoothNumerator) / max(TP + alpha FP + beta FN
   * + smoothDenominator, eps), where FP = P - TP and FN = T - TP.
   *
   * @param alpha the weight of false positives
   * @param beta the weight of false negatives
   * @param gamma the exponent of the loss
   * @param smoothNumerator added to the true positives
   * @param smoothDenominator added to the divisor
   * @param eps the least divisor
   * @param logLoss whether the logarithm is taken
   * @param absentIsZero whether l = 0, gradient included, where T = 0
   * @param perClass the classes' weights, with sum 1; by default all 1 / C
   */
  record Overlap(
      double alpha,
      double beta,
      double gamma,
      double smoothNumerator,
      double smoothDenominator,
      double eps,
      boolean logLoss,
      boolean absentIsZero,
      List<Double> perClass)
      implements LossTerm {
    /** Copies the list. */
    public Overlap {
      perClass = List.copyOf(perClass);
    }

    /**
     * Makes a loss that is 0 for absent classes, which weigh the same.
     *
     * @param alpha the weight of false positives
     * @param beta the weight of false negatives
     * @param gamma the exponent of the loss
     * @param smooth added to both sides of the ratio
     * @param eps the least divisor
     * @param logLoss whether the logarithm is taken
     * @return the term
     */
    public static Overlap tversky(
        double alpha, double beta, double gamma, double smooth, double eps, boolean logLoss) {
      return new Overlap(alpha, beta, gamma, smooth, smooth, eps, logLoss, true, List.of());
    }

    /**
     * Makes the Dice loss: both weights 1/2, exponent 1.
     *
     * @param smooth added to both sides of the ratio
     * @param eps the least divisor
     * @param logLoss whether the logarithm is taken
     * @return the term
     */
    public static Overlap dice(double smooth, double eps, boolean logLoss) {
      return tversky(0.5, 0.5, 1, smooth, eps, logLoss);
    }

    /**
     * Makes the Jaccard loss: both weights 1, exponent 1.
     *
     * @param smooth added to both sides of the ratio
     * @param eps the least divisor
     * @param logLoss whether the logarithm is taken
     * @return the term
     */
    public static Overlap jaccard(double smooth, double eps, boolean logLoss) {
      return tversky(1, 1, 1, smooth, eps, logLoss);
    }

    /**
     * Changes the weights of errors and the exponent.
     *
     * @param falsePositives the weight of false positives
     * @param falseNegatives the weight of false negatives
     * @param exponent of the loss
     * @return a term that differs in this
     */
    public Overlap withTversky(double falsePositives, double falseNegatives, double exponent) {
      return new Overlap(
          falsePositives,
          falseNegatives,
          exponent,
          smoothNumerator,
          smoothDenominator,
          eps,
          logLoss,
          absentIsZero,
          perClass);
    }

    /**
     * Changes what is added to the ratio.
     *
     * @param numerator added to the true positives
     * @param denominator added to the divisor
     * @return a term that differs in this
     */
    public Overlap withSmooth(double numerator, double denominator) {
      return new Overlap(
          alpha, beta, gamma, numerator, denominator, eps, logLoss, absentIsZero, perClass);
    }

    /**
     * Changes the least divisor.
     *
     * @param value the least divisor
     * @return a term that differs in this
     */
    public Overlap withEps(double value) {
      return new Overlap(
          alpha,
          beta,
          gamma,
          smoothNumerator,
          smoothDenominator,
          value,
          logLoss,
          absentIsZero,
          perClass);
    }

    /**
     * Changes whether the logarithm is taken.
     *
     * @param value whether it is
     * @return a term that differs in this
     */
    public Overlap withLogLoss(boolean value) {
      return new Overlap(
          alpha,
          beta,
          gamma,
          smoothNumerator,
          smoothDenominator,
          eps,
          value,
          absentIsZero,
          perClass);
    }

    /**
     * Changes whether absent classes have no loss.
     *
     * @param value whether they have none
     * @return a term that differs in this
     */
    public Overlap withAbsentIsZero(boolean value) {
      return new Overlap(
          alpha, beta, gamma, smoothNumerator, smoothDenominator, eps, logLoss, value, perClass);
    }

    /**
     * Changes the classes' weights.
     *
     * @param shares with sum 1; none for equal ones
     * @return a term that differs in this
     */
    public Overlap withPerClass(List<Double> shares) {
      return new Overlap(
          alpha,
          beta,
          gamma,
          smoothNumerator,
          smoothDenominator,
          eps,
          logLoss,
          absentIsZero,
          shares);
    }
  }

  /**
   * The binary cross-entropy of every element, summed, or divided by the number of all elements,
   * ignored ones included (as segmentation_models.pytorch) or not.
   *
   * @param mean whether the sum is divided
   * @param smoothing the target t becomes (1 - t) smoothing + t (1 - smoothing)
   * @param weighted whether a tensor of weights, one per element, multiplies the elements' losses
   * @param perClass the factors of the positive part; by default 1
   * @param ofValid whether ignored elements are left out of the divisor
   */
  record Bce(
      boolean mean, double smoothing, boolean weighted, List<Double> perClass, boolean ofValid)
      implements LossTerm {
    /** Copies the list. */
    public Bce {
      perClass = List.copyOf(perClass);
    }

    /**
     * Makes the plain loss: no smoothing, no weights.
     *
     * @param mean whether the sum is divided
     */
    public Bce(boolean mean) {
      this(mean, 0, false, List.of());
    }

    /**
     * Makes a loss whose divisor counts ignored elements.
     *
     * @param mean whether the sum is divided
     * @param smoothing of the target
     * @param weighted whether a tensor of weights multiplies the elements' losses
     * @param perClass the factors of the positive part
     */
    public Bce(boolean mean, double smoothing, boolean weighted, List<Double> perClass) {
      this(mean, smoothing, weighted, perClass, false);
    }
  }

  /**
   * The focal loss of every element from its binary cross-entropy l: a f l with f = (1 - q)^gamma
   * and a = positive t + negative (1 - t); per class summed, or divided by the number of valid
   * elements; then the weighted sum over the classes. In the layouts of exclusive classes each
   * class against the rest, through the sigmoid.
   *
   * @param mean whether the sum is divided
   * @param gamma the exponent
   * @param positive the factor of positive elements
   * @param negative the factor of negative elements
   * @param reducedThreshold f = 1 where q is below it, else ((1 - q) / it)^gamma; 0 for none
   * @param linear whether q = p t + (1 - p) (1 - t) (torchvision); else q = e^-l
   *     (segmentation_models.pytorch). They differ for soft targets only
   * @param normalized whether each class is divided by max(sum of f, 1e-6)
   * @param perClass the classes' weights, with sum 1; by default all 1 / C
   */
  record Focal(
      boolean mean,
      double gamma,
      double positive,
      double negative,
      double reducedThreshold,
      boolean linear,
      boolean normalized,
      List<Double> perClass)
      implements LossTerm {
    /** Copies the list. */
    public Focal {
      perClass = List.copyOf(perClass);
    }
  }

  /**
   * The cross-entropy of every pixel, the sum over the classes of -q_c ln p_c with q_c = w_c ((1 -
   * smoothing) t_c + smoothing / C); summed, or divided by the sum of w of the valid pixels' labels
   * (by the number of pixels for ONE_HOT).
   *
   * @param mean whether the sum is divided
   * @param smoothing the share of the target spread over all classes
   * @param perClass the weights w; by default 1
   */
  record CrossEntropy(boolean mean, double smoothing, List<Double> perClass) implements LossTerm {
    /** Copies the list. */
    public CrossEntropy {
      perClass = List.copyOf(perClass);
    }
  }

  /**
   * The focal loss through the softmax (MONAI): the sum over the classes of -a_c t_c (1 -
   * p_c)^gamma ln p_c; summed, or divided by the number of valid pixels times classes.
   *
   * @param mean whether the sum is divided
   * @param gamma the exponent
   * @param perClass the factors a; by default 1
   */
  record SoftmaxFocal(boolean mean, double gamma, List<Double> perClass) implements LossTerm {
    /** Copies the list. */
    public SoftmaxFocal {
      perClass = List.copyOf(perClass);
    }
  }
}
