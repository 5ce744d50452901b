package dev.quern.schedule;

/**
 * A schedule whose factor depends on nothing but how many steps were taken: that number is its
 * whole state, so saving it and going on gives the same bits. Values are PyTorch's closed forms in
 * f64; PyTorch itself multiplies the previous learning rate and drifts from them.
 *
 * <p>Difference from PyTorch, where a scheduler that computes from the base overwrites what others
 * did and one that multiplies does not: each of these is a factor of the base learning rate, and
 * {@link ScheduleProduct} multiplies them.
 */
public sealed interface ClosedFormSchedule
    permits PolynomialLR, StepLR, MultiStepLR, ExponentialLR, CosineAnnealingLR, OneCycleLR {

  /**
   * {@return the factor to multiply a group's base learning rate by}
   *
   * @param step steps taken so far, at least 0
   * @param baseLr the group's base learning rate, finite and not negative
   * @throws IllegalArgumentException if an argument is outside its range
   */
  double factor(long step, double baseLr);

  /**
   * {@return the learning rate of a group that only this schedule acts on}
   *
   * @param step steps taken so far, at least 0
   * @param baseLr the group's base learning rate, finite and not negative
   * @throws IllegalArgumentException if an argument is outside its range
   */
  default double lr(long step, double baseLr) {
    return baseLr * factor(step, baseLr);
  }
}
