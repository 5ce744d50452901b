package dev.quern.spi;

/**
 * The f32 scalars of one SGD step of one group, derived in f64 as {@code sgd.inc} says: what every
 * backend's inner loop works with.
 *
 * @param lr the learning rate
 * @param decay the factor of the momentum buffer, 0 in the first step
 * @param gain the factor of the gradient that enters the buffer: 1 - dampening, 1 in the first step
 * @param lookAhead momentum for Nesterov, else unused
 * @param l2 the weight decay
 * @param gradientFactor clip coefficient / loss scale, negative for maximize
 * @param clipValue the largest magnitude of a gradient's element
 * @param emaWeight 1 - decay of the moving average
 * @param flags of {@link OptimizerFlags}
 */
public record SgdCoefficients(
    float lr,
    float decay,
    float gain,
    float lookAhead,
    float l2,
    float gradientFactor,
    float clipValue,
    float emaWeight,
    int flags) {

  /**
   * Derives the scalars of a step.
   *
   * @param group the hyper-parameters
   * @param step the number of steps taken before this one
   * @param factor clip coefficient / loss scale
   * @return the scalars
   */
  public static SgdCoefficients of(SgdGroup group, long step, float factor) {
    boolean first = step == 0;
    return new SgdCoefficients(
        (float) group.lr(),
        first ? 0 : (float) group.momentum(),
        first ? 1 : (float) (1 - group.dampening()),
        (float) group.momentum(),
        (float) group.weightDecay(),
        (group.flags() & OptimizerFlags.MAXIMIZE) != 0 ? -factor : factor,
        (float) group.clipValue(),
        (float) (1 - group.emaDecay()),
        group.flags());
  }

  /**
   * Tells whether a part of the step is on.
   *
   * @param flag of {@link OptimizerFlags}
   * @return whether it takes part
   */
  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /**
   * Leaves the gradient's preparation away, for a loop that is given prepared gradients.
   *
   * @return coefficients with a gradient factor of 1
   */
  public SgdCoefficients prepared() {
    return new SgdCoefficients(lr, decay, gain, lookAhead, l2, 1, clipValue, emaWeight, flags);
  }
}
