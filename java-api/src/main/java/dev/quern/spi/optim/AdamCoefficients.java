package dev.quern.spi.optim;

/**
 * The f32 scalars of one Adam step of one group, derived in f64 as {@code adam.inc} says: what
 * every backend's inner loop works with.
 *
 * @param oneMinusBeta1 1 - beta1
 * @param beta2 beta2
 * @param oneMinusBeta2 1 - beta2
 * @param stepSize lr / (1 - beta1^k)
 * @param inverseRootCorrection2 1 / sqrt(1 - beta2^k)
 * @param eps eps; one above 0 that F32 cannot hold is the least normal number, so that 0 / eps is 0
 * @param l2 weight decay added to the gradient, 0 when decoupled
 * @param decay lr * weight decay when decoupled, else 0: the share of the weight that is taken away
 * @param gradientUnit what the gradient is multiplied by first, see {@link GradientControl}
 * @param gradientFactor what it is multiplied by then, negative for maximize
 * @param clipValue the largest magnitude of a gradient's element
 * @param l1 the factor of the L1 sub-gradient, which follows the sign of the decayed weight
 * @param threshold lr * L1 penalty, the soft threshold
 * @param emaWeight 1 - decay of the moving average
 * @param flags of {@link OptimizerFlags}
 */
public record AdamCoefficients(
    float oneMinusBeta1,
    float beta2,
    float oneMinusBeta2,
    float stepSize,
    float inverseRootCorrection2,
    float eps,
    float l2,
    float decay,
    float gradientUnit,
    float gradientFactor,
    float clipValue,
    float l1,
    float threshold,
    float emaWeight,
    int flags) {

  /**
   * Derives the scalars of a step on gradients as they are.
   *
   * @param group the hyper-parameters
   * @param step the number of steps taken before this one
   * @return the scalars
   */
  public static AdamCoefficients of(AdamGroup group, long step) {
    return of(group, step, 1, 1);
  }

  /**
   * Derives the scalars of a step.
   *
   * @param group the hyper-parameters
   * @param step the number of steps taken before this one
   * @param unit {@link GradientControl#unit}
   * @param factor {@link GradientControl#factor}
   * @return the scalars
   */
  public static AdamCoefficients of(AdamGroup group, long step, float unit, float factor) {
    double k = step + 1;
    // -expm1(k ln beta) keeps all digits of 1 - beta^k where beta^k is near 1
    double correction1 = -StrictMath.expm1(k * group.logBeta1());
    double correction2 = -StrictMath.expm1(k * group.logBeta2());
    boolean decoupled = (group.flags() & OptimizerFlags.DECOUPLED) != 0;
    return new AdamCoefficients(
        (float) (1 - group.beta1()),
        (float) group.beta2(),
        (float) (1 - group.beta2()),
        (float) (group.lr() / correction1),
        (float) (1 / Math.sqrt(correction2)),
        group.eps() > 0 ? Math.max((float) group.eps(), Float.MIN_NORMAL) : 0,
        decoupled ? 0f : (float) group.weightDecay(),
        decoupled ? (float) (group.lr() * group.weightDecay()) : 0f,
        unit,
        (group.flags() & OptimizerFlags.MAXIMIZE) != 0 ? -factor : factor,
        (float) group.clipValue(),
        (float)
            (decoupled
                ? Math.signum(1 - group.lr() * group.weightDecay()) * group.l1()
                : group.l1()),
        (float) (group.lr() * group.l1()),
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
  public AdamCoefficients prepared() {
    return new AdamCoefficients(
        oneMinusBeta1,
        beta2,
        oneMinusBeta2,
        stepSize,
        inverseRootCorrection2,
        eps,
        l2,
        decay,
        1,
        1,
        clipValue,
        l1,
        threshold,
        emaWeight,
        flags);
  }
}
