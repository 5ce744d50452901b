package dev.quern.schedule;

/**
 * Cosine annealing without restarts: the learning rate falls from its base to {@code etaMin} within
 * {@code tMax} steps along half a cosine, and then goes on along the cosine, up again.
 *
 * <pre>lr = etaMin + (base - etaMin) (1 + cos(pi step / tMax)) / 2</pre>
 *
 * <p>Source: PyTorch's class of the same name, in closed form; its recursive form gives the same
 * numbers where no other scheduler acts, the rise after {@code tMax} included. It reaches {@code
 * etaMin}, which {@link CosineAnnealingWarmRestarts} in whole steps never does.
 *
 * <p>Differences from PyTorch: a negative or non-finite {@code etaMin} is refused; a group whose
 * base learning rate is 0 stays at 0.
 *
 * @param tMax steps of the fall, at least 1
 * @param etaMin the learning rate at its end, finite and not negative; it may exceed the base
 */
public record CosineAnnealingLR(int tMax, double etaMin) implements ClosedFormSchedule {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public CosineAnnealingLR {
    LearningRates.atLeastOne("tMax", tMax);
    LearningRates.finiteNotNegative("etaMin", etaMin);
  }

  /**
   * A schedule that anneals to 0.
   *
   * @param tMax steps of the fall, at least 1
   * @throws IllegalArgumentException if {@code tMax} is below 1
   */
  public CosineAnnealingLR(int tMax) {
    this(tMax, 0);
  }

  @Override
  public double factor(long step, double baseLr) {
    double lr = lr(step, baseLr);
    return baseLr == 0 ? 1 : lr / baseLr;
  }

  @Override
  public double lr(long step, double baseLr) {
    LearningRates.check(step, baseLr);
    if (baseLr == 0) {
      return 0;
    }
    // the cosine's period is 2 tMax: the angle stays exact however many steps there were
    double angle = Math.PI * (step % (2L * tMax)) / tMax;
    return etaMin + (baseLr - etaMin) * (1 + StrictMath.cos(angle)) / 2;
  }
}
