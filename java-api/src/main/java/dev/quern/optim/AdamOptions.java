package dev.quern.optim;

import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.OptimizerFlags;
import java.lang.foreign.MemorySegment;

/**
 * The hyper-parameters of {@link Adam}; defaults and ranges are PyTorch's, but every value is
 * checked, also in groups, and NaN and infinity are refused everywhere. So is what F32, in which
 * steps are taken, would turn into 0, 1 or infinity: numbers above 3.4e38, a weight decay or
 * penalty between 0 and 2^-126, decays that round to 0 or 1.
 *
 * @param lr the learning rate, at least 0, at most 3.4e38 (1 - beta1); 1e-3 by default. One below
 *     2^-126 moves no weight that F32 can hold with all its digits
 * @param beta1 decay of the first moment, 0 or from 2^-24 to 1 - 2^-24; 0.9 by default
 * @param beta2 decay of the second moment, 0 or from 2^-24 to 1 - 2^-24; 0.999 by default
 * @param eps added to the root of the second moment after bias correction, at least 0; 1e-8 by
 *     default. One between 0 and 2^-126 counts as 2^-126, next to which no root above 0 changes
 * @param weightDecay at least 0; 0 by default
 * @param decoupled whether weight decay shrinks the weights by lr * weightDecay (AdamW) instead of
 *     adding weightDecay * w to the gradient
 * @param l1 the L1 penalty, at least 0; 0 by default
 * @param proximal whether the L1 penalty draws the updated weights towards 0 by a soft threshold of
 *     lr * l1, which makes exact zeros, instead of adding l1 * sign(w) to the gradient
 * @param amsgrad whether the maximum of the raw second moment divides (Reddi et al., 2018, as
 *     PyTorch corrects it)
 * @param maximize whether the objective is maximised: the gradient's sign is turned, decay and
 *     penalty still pull towards 0
 */
public record AdamOptions(
    double lr,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    boolean decoupled,
    double l1,
    boolean proximal,
    boolean amsgrad,
    boolean maximize)
    implements OptimizerOptions<AdamOptions> {

  /** Checks the ranges. */
  public AdamOptions {
    Ranges.notAboveFloat("lr", lr);
    Ranges.decay("beta1", beta1);
    Ranges.decay("beta2", beta2);
    Ranges.notAboveFloat("eps", eps);
    Ranges.zeroOrFloat("weightDecay", weightDecay);
    Ranges.zeroOrFloat("l1", l1);
    Ranges.product("lr / (1 - beta1)", lr / (1 - beta1));
    Ranges.product("lr x weightDecay", decoupled ? lr * weightDecay : 0);
  }

  /** Creates the defaults. */
  public AdamOptions() {
    this(1e-3, 0.9, 0.999, 1e-8, 0, false, 0, false, false, false);
  }

  @Override
  public AdamOptions withLr(double value) {
    return new AdamOptions(
        value, beta1, beta2, eps, weightDecay, decoupled, l1, proximal, amsgrad, maximize);
  }

  /**
   * Sets the decays of both moments.
   *
   * @param first of the first moment
   * @param second of the second moment
   * @return options that differ in this
   */
  public AdamOptions withBetas(double first, double second) {
    return new AdamOptions(
        lr, first, second, eps, weightDecay, decoupled, l1, proximal, amsgrad, maximize);
  }

  /**
   * Sets eps.
   *
   * @param value what is added to the divisor
   * @return options that differ in this
   */
  public AdamOptions withEps(double value) {
    return new AdamOptions(
        lr, beta1, beta2, value, weightDecay, decoupled, l1, proximal, amsgrad, maximize);
  }

  /**
   * Sets weight decay as an L2 term of the gradient.
   *
   * @param value the weight decay
   * @return options that differ in this
   */
  public AdamOptions withWeightDecay(double value) {
    return new AdamOptions(lr, beta1, beta2, eps, value, false, l1, proximal, amsgrad, maximize);
  }

  /**
   * Sets decoupled weight decay, as AdamW.
   *
   * @param value the weight decay
   * @return options that differ in this
   */
  public AdamOptions withDecoupledWeightDecay(double value) {
    return new AdamOptions(lr, beta1, beta2, eps, value, true, l1, proximal, amsgrad, maximize);
  }

  /**
   * Sets an L1 penalty as a term of the gradient: l1 * sign(w), and 0 at 0. Weights come near 0 and
   * rarely hit it; see {@link #withProximalL1}.
   *
   * @param value the penalty
   * @return options that differ in this
   */
  public AdamOptions withL1(double value) {
    return new AdamOptions(
        lr, beta1, beta2, eps, weightDecay, decoupled, value, false, amsgrad, maximize);
  }

  /**
   * Sets an L1 penalty as a soft threshold of lr * l1 on the updated weights: those that would pass
   * 0 become 0.
   *
   * @param value the penalty
   * @return options that differ in this
   */
  public AdamOptions withProximalL1(double value) {
    return new AdamOptions(
        lr, beta1, beta2, eps, weightDecay, decoupled, value, true, amsgrad, maximize);
  }

  /**
   * Chooses amsgrad.
   *
   * @param value whether the maximum of the second moment divides
   * @return options that differ in this
   */
  public AdamOptions withAmsgrad(boolean value) {
    return new AdamOptions(
        lr, beta1, beta2, eps, weightDecay, decoupled, l1, proximal, value, maximize);
  }

  /**
   * Chooses the direction.
   *
   * @param value whether the objective is maximised
   * @return options that differ in this
   */
  public AdamOptions withMaximize(boolean value) {
    return new AdamOptions(
        lr, beta1, beta2, eps, weightDecay, decoupled, l1, proximal, amsgrad, value);
  }

  AdamGroup group(double clipValue, double emaDecay) {
    int flags =
        Optimizer.sharedFlags(maximize, clipValue, emaDecay)
            | (amsgrad ? OptimizerFlags.AMSGRAD : 0)
            | (decoupled ? OptimizerFlags.DECOUPLED : 0)
            | (l1 == 0 ? 0 : proximal ? OptimizerFlags.PROXIMAL_L1 : OptimizerFlags.L1);
    return new AdamGroup(lr, beta1, beta2, eps, weightDecay, l1, clipValue, emaDecay, flags);
  }

  void write(MemorySegment table, int g, double clipValue, double emaDecay) {
    group(clipValue, emaDecay).write(table, g);
  }
}
