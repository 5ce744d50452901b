package dev.quern.spi.optim;

/**
 * The f32 scalars of one SGD step of one group, derived in f64 as {@code sgd.inc} says: what every
 * backend's inner loop works with.
 *
 * @param lr the learning rate divided by its unit
 * @param lrUnit what the direction is multiplied by first: 1, or 2^-126 where F32 could hold the
 *     learning rate only in part or not at all
 * @param decay the factor of the momentum buffer, 0 where that is empty
 * @param gain the factor of the gradient that enters the buffer: 1 - dampening, 1 where that is
 *     empty
 * @param lookAhead momentum for Nesterov, else unused
 * @param l2 the weight decay
 * @param gradientUnit what the gradient is multiplied by first, see {@link GradientControl}
 * @param gradientFactor what it is multiplied by then, negative for maximize
 * @param clipValue the largest magnitude of a gradient's element
 * @param emaWeight 1 - decay of the moving average
 * @param flags of {@link OptimizerFlags}
 */
public record SgdCoefficients(
    float lr,
    float lrUnit,
    float decay,
    float gain,
    float lookAhead,
    float l2,
    float gradientUnit,
    float gradientFactor,
    float clipValue,
    float emaWeight,
    int flags) {

  /**
   * Derives the scalars of a step on gradients as they are.
   *
   * @param group the hyper-parameters
   * @param buffered whether the momentum buffer holds something
   * @return the scalars
   */
  public static SgdCoefficients of(SgdGroup group, boolean buffered) {
    return of(group, buffered, 1, 1);
  }

  /**
   * Derives the scalars of a step.
   *
   * @param group the hyper-parameters
   * @param buffered whether the momentum buffer holds something
   * @param unit {@link GradientControl#unit}
   * @param factor {@link GradientControl#factor}
   * @return the scalars
   */
  public static SgdCoefficients of(SgdGroup group, boolean buffered, float unit, float factor) {
    boolean vanishes = group.lr() < Float.MIN_NORMAL;
    return new SgdCoefficients(
        (float) (vanishes ? group.lr() * 0x1p126 : group.lr()),
        vanishes ? Float.MIN_NORMAL : 1,
        buffered ? (float) group.momentum() : 0,
        buffered ? (float) (1 - group.dampening()) : 1,
        (float) group.momentum(),
        (float) group.weightDecay(),
        unit,
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
   * @return coefficients with a gradient unit and factor of 1
   */
  public SgdCoefficients prepared() {
    return new SgdCoefficients(
        lr, lrUnit, decay, gain, lookAhead, l2, 1, 1, clipValue, emaWeight, flags);
  }
}
