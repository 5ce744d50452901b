package dev.quern.spi;

/**
 * The f32 scalars of one Adam step of one group, derived in f64 as {@code adam.inc} says: what
 * every backend's inner loop works with.
 *
 * @param oneMinusBeta1 1 - beta1
 * @param beta2 beta2
 * @param oneMinusBeta2 1 - beta2
 * @param stepSize lr / (1 - beta1^k)
 * @param inverseRootCorrection2 1 / sqrt(1 - beta2^k)
 * @param eps eps
 * @param l2 weight decay added to the gradient, 0 when decoupled
 * @param shrink 1 - lr * weight decay when decoupled, else 1
 * @param gradientScale the clip coefficient, negative for maximize
 * @param amsgrad whether the second moment's maximum divides
 */
public record AdamCoefficients(
    float oneMinusBeta1,
    float beta2,
    float oneMinusBeta2,
    float stepSize,
    float inverseRootCorrection2,
    float eps,
    float l2,
    float shrink,
    float gradientScale,
    boolean amsgrad) {

  /**
   * Derives the scalars of a step.
   *
   * @param lr the learning rate
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param logBeta1 ln beta1
   * @param logBeta2 ln beta2
   * @param eps added to the divisor
   * @param weightDecay the weight decay
   * @param flags of {@link AdamArena}
   * @param step the number of steps taken before this one
   * @param clip the clip coefficient
   * @return the scalars
   */
  public static AdamCoefficients of(
      double lr,
      double beta1,
      double beta2,
      double logBeta1,
      double logBeta2,
      double eps,
      double weightDecay,
      int flags,
      long step,
      float clip) {
    double k = step + 1;
    // -expm1(k ln beta) keeps all digits of 1 - beta^k where beta^k is near 1
    double correction1 = -StrictMath.expm1(k * logBeta1);
    double correction2 = -StrictMath.expm1(k * logBeta2);
    boolean decoupled = (flags & AdamArena.FLAG_DECOUPLED) != 0;
    return new AdamCoefficients(
        (float) (1 - beta1),
        (float) beta2,
        (float) (1 - beta2),
        (float) (lr / correction1),
        (float) (1 / Math.sqrt(correction2)),
        (float) eps,
        decoupled ? 0f : (float) weightDecay,
        decoupled ? (float) (1 - lr * weightDecay) : 1f,
        (flags & AdamArena.FLAG_MAXIMIZE) != 0 ? -clip : clip,
        (flags & AdamArena.FLAG_AMSGRAD) != 0);
  }
}
