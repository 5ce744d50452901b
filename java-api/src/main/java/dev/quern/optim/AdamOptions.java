package dev.quern.optim;

import dev.quern.spi.AdamArena;

/**
 * The hyper-parameters of {@link Adam}; defaults and ranges are PyTorch's, but every value is
 * checked, also in groups, and NaN and infinity are refused everywhere.
 *
 * @param lr the learning rate, at least 0; 1e-3 by default
 * @param beta1 decay of the first moment, in [0, 1); 0.9 by default
 * @param beta2 decay of the second moment, in [0, 1); 0.999 by default
 * @param eps added to the root of the second moment after bias correction, at least 0; 1e-8 by
 *     default
 * @param weightDecay at least 0; 0 by default
 * @param decoupled whether weight decay shrinks the weights by lr * weightDecay (AdamW) instead of
 *     adding weightDecay * w to the gradient
 * @param amsgrad whether the maximum of the raw second moment divides (Reddi et al., 2018, as
 *     PyTorch corrects it)
 * @param maximize whether the objective is maximised: the gradient's sign is turned, the decay
 *     still pulls towards 0
 */
public record AdamOptions(
    double lr,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    boolean decoupled,
    boolean amsgrad,
    boolean maximize) {

  /** Checks the ranges. */
  public AdamOptions {
    require(lr >= 0 && lr < Double.POSITIVE_INFINITY, "lr", "finite and at least 0", lr);
    require(beta1 >= 0 && beta1 < 1, "beta1", "in [0, 1)", beta1);
    require(beta2 >= 0 && beta2 < 1, "beta2", "in [0, 1)", beta2);
    require(eps >= 0 && eps < Double.POSITIVE_INFINITY, "eps", "finite and at least 0", eps);
    require(
        weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY,
        "weightDecay",
        "finite and at least 0",
        weightDecay);
  }

  /** Creates the defaults. */
  public AdamOptions() {
    this(1e-3, 0.9, 0.999, 1e-8, 0, false, false, false);
  }

  /**
   * Sets the learning rate.
   *
   * @param value the learning rate
   * @return options that differ in this
   */
  public AdamOptions withLr(double value) {
    return new AdamOptions(value, beta1, beta2, eps, weightDecay, decoupled, amsgrad, maximize);
  }

  /**
   * Sets the decays of both moments.
   *
   * @param first of the first moment
   * @param second of the second moment
   * @return options that differ in this
   */
  public AdamOptions withBetas(double first, double second) {
    return new AdamOptions(lr, first, second, eps, weightDecay, decoupled, amsgrad, maximize);
  }

  /**
   * Sets eps.
   *
   * @param value what is added to the divisor
   * @return options that differ in this
   */
  public AdamOptions withEps(double value) {
    return new AdamOptions(lr, beta1, beta2, value, weightDecay, decoupled, amsgrad, maximize);
  }

  /**
   * Sets weight decay as an L2 term of the gradient.
   *
   * @param value the weight decay
   * @return options that differ in this
   */
  public AdamOptions withWeightDecay(double value) {
    return new AdamOptions(lr, beta1, beta2, eps, value, false, amsgrad, maximize);
  }

  /**
   * Sets decoupled weight decay, as AdamW.
   *
   * @param value the weight decay
   * @return options that differ in this
   */
  public AdamOptions withDecoupledWeightDecay(double value) {
    return new AdamOptions(lr, beta1, beta2, eps, value, true, amsgrad, maximize);
  }

  /**
   * Chooses amsgrad.
   *
   * @param value whether the maximum of the second moment divides
   * @return options that differ in this
   */
  public AdamOptions withAmsgrad(boolean value) {
    return new AdamOptions(lr, beta1, beta2, eps, weightDecay, decoupled, value, maximize);
  }

  /**
   * Chooses the direction.
   *
   * @param value whether the objective is maximised
   * @return options that differ in this
   */
  public AdamOptions withMaximize(boolean value) {
    return new AdamOptions(lr, beta1, beta2, eps, weightDecay, decoupled, amsgrad, value);
  }

  int flags() {
    return (amsgrad ? AdamArena.FLAG_AMSGRAD : 0)
        | (maximize ? AdamArena.FLAG_MAXIMIZE : 0)
        | (decoupled ? AdamArena.FLAG_DECOUPLED : 0);
  }

  private static void require(boolean holds, String name, String range, double value) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + range + ", got " + value + ".");
    }
  }
}
