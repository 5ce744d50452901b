package dev.quern.optim;

import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.SgdGroup;
import java.lang.foreign.MemorySegment;

/**
 * The hyper-parameters of {@link Sgd}; defaults are PyTorch's, and every value is checked, also in
 * groups: NaN and infinity are refused everywhere, and so is what F32, in which steps are taken,
 * would turn into 0 or infinity: numbers above 3.4e38, momentum or a weight decay between 0 and
 * 2^-126.
 *
 * @param lr the learning rate, at least 0, also below what F32 can hold; 1e-3 by default
 * @param momentum the factor of the momentum buffer, at least 0; 0 by default, which keeps none
 * @param dampening how much of the gradient the momentum buffer does not take; 0 by default. A
 *     parameter's first step with momentum fills the buffer and is not dampened
 * @param nesterov whether the step looks ahead along the momentum buffer; needs momentum and no
 *     dampening
 * @param weightDecay added to the gradient times the weight, at least 0; 0 by default
 * @param maximize whether the objective is maximised: the gradient's sign is turned, the decay
 *     still pulls towards 0
 */
public record SgdOptions(
    double lr,
    double momentum,
    double dampening,
    boolean nesterov,
    double weightDecay,
    boolean maximize)
    implements OptimizerOptions<SgdOptions> {

  /** Checks the ranges. */
  public SgdOptions {
    Ranges.notAboveFloat("lr", lr);
    Ranges.zeroOrFloat("momentum", momentum);
    Ranges.require(Double.isFinite(dampening), "dampening", "finite", dampening);
    Ranges.notAboveFloat("the magnitude of dampening", Math.abs(dampening));
    Ranges.zeroOrFloat("weightDecay", weightDecay);
    if (nesterov && (momentum == 0 || dampening != 0)) {
      throw new IllegalArgumentException(
          "nesterov needs a momentum above 0 and a dampening of 0, got momentum %s and dampening %s."
              .formatted(momentum, dampening));
    }
  }

  /** Creates the defaults. */
  public SgdOptions() {
    this(1e-3, 0, 0, false, 0, false);
  }

  @Override
  public SgdOptions withLr(double value) {
    return new SgdOptions(value, momentum, dampening, nesterov, weightDecay, maximize);
  }

  /**
   * Sets momentum, without dampening and without looking ahead.
   *
   * @param value the factor of the momentum buffer
   * @return options that differ in this
   */
  public SgdOptions withMomentum(double value) {
    return new SgdOptions(lr, value, 0, false, weightDecay, maximize);
  }

  /**
   * Sets momentum and dampening, without looking ahead.
   *
   * @param value the factor of the momentum buffer
   * @param damping how much of the gradient the buffer does not take; not applied in the first step
   *     with momentum
   * @return options that differ in this
   */
  public SgdOptions withMomentum(double value, double damping) {
    return new SgdOptions(lr, value, damping, false, weightDecay, maximize);
  }

  /**
   * Sets momentum that looks ahead.
   *
   * @param value the factor of the momentum buffer, above 0
   * @return options that differ in this
   */
  public SgdOptions withNesterovMomentum(double value) {
    return new SgdOptions(lr, value, 0, true, weightDecay, maximize);
  }

  /**
   * Sets weight decay as an L2 term of the gradient.
   *
   * @param value the weight decay
   * @return options that differ in this
   */
  public SgdOptions withWeightDecay(double value) {
    return new SgdOptions(lr, momentum, dampening, nesterov, value, maximize);
  }

  /**
   * Chooses the direction.
   *
   * @param value whether the objective is maximised
   * @return options that differ in this
   */
  public SgdOptions withMaximize(boolean value) {
    return new SgdOptions(lr, momentum, dampening, nesterov, weightDecay, value);
  }

  SgdGroup group(double clipValue, double emaDecay) {
    int flags =
        Optimizer.sharedFlags(maximize, clipValue, emaDecay)
            | (momentum > 0 ? OptimizerFlags.MOMENTUM : 0)
            | (nesterov ? OptimizerFlags.NESTEROV : 0);
    return new SgdGroup(lr, momentum, dampening, weightDecay, clipValue, emaDecay, flags);
  }

  void write(MemorySegment table, int g, double clipValue, double emaDecay) {
    group(clipValue, emaDecay).write(table, g);
  }
}
