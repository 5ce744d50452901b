package dev.quern.schedule;

/**
 * Cosine annealing with warm restarts: the learning rate falls from its base to {@code etaMin}
 * along half a cosine, jumps back, and falls again over a period {@code tMult} times as long. With
 * a {@code restartDecay} below 1 it jumps back to a lower peak each time.
 *
 * <pre>
 * peak = max(base restartDecay^restarts, min(base, etaMin))
 * lr   = etaMin + (peak - etaMin) (1 + cos(pi tCur / tI)) / 2</pre>
 *
 * <p>{@code tCur} counts from the last restart, {@code tI} is the current period; both in calls of
 * {@link #step step}, or in whatever unit is given to {@link #at at} (usually epochs, with a
 * fraction per batch). Source: Loshchilov and Hutter, SGDR (2017), with the sequence of PyTorch's
 * class of the same name. With whole steps {@code tCur} stays below {@code tI}, so {@code etaMin}
 * itself is never reached.
 *
 * <p>Differences from PyTorch:
 *
 * <ul>
 *   <li>{@link #at at} finds the period of a fractional epoch by adding up periods, where PyTorch
 *       takes a logarithm that can come out just below a whole number and then gives {@code etaMin}
 *       in place of the restart (for example {@code tMult} = 3 at epoch 121 {@code t0}).
 *   <li>The schedule yields a factor of the base learning rate, so it composes with other
 *       schedules; PyTorch overwrites. A group whose base learning rate is 0 stays at 0.
 *   <li>PyTorch has no {@code restartDecay}; 1 gives its sequence.
 *   <li>A negative or non-finite {@code etaMin} is refused.
 *   <li>To resume, go on from the saved state; there is no constructor argument for a last epoch.
 * </ul>
 *
 * @param t0 length of the first period, at least 1
 * @param tMult growth of the period at each restart, at least 1
 * @param etaMin the learning rate at the end of a period, finite and not negative; it may exceed
 *     the base
 * @param restartDecay what a restart multiplies the peak by, in (0, 1]; the peak does not fall
 *     below {@code etaMin}
 */
public record CosineAnnealingWarmRestarts(int t0, int tMult, double etaMin, double restartDecay) {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public CosineAnnealingWarmRestarts {
    if (t0 < 1) {
      throw new IllegalArgumentException("t0 must be at least 1, but is " + t0 + ".");
    }
    if (tMult < 1) {
      throw new IllegalArgumentException("tMult must be at least 1, but is " + tMult + ".");
    }
    if (!(etaMin >= 0 && etaMin < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "etaMin must be finite and not negative, but is " + etaMin + ".");
    }
    if (!(restartDecay > 0 && restartDecay <= 1)) {
      throw new IllegalArgumentException(
          "restartDecay must lie in (0, 1], but is " + restartDecay + ".");
    }
  }

  /**
   * A schedule that jumps back to the base at every restart.
   *
   * @param t0 length of the first period, at least 1
   * @param tMult growth of the period at each restart, at least 1
   * @param etaMin the learning rate at the end of a period, finite and not negative
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public CosineAnnealingWarmRestarts(int t0, int tMult, double etaMin) {
    this(t0, tMult, etaMin, 1);
  }

  /**
   * A schedule with equal periods that anneals to zero.
   *
   * @param t0 length of every period, at least 1
   * @throws IllegalArgumentException if {@code t0} is below 1
   */
  public CosineAnnealingWarmRestarts(int t0) {
    this(t0, 1, 0.0);
  }

  /**
   * Where the schedule stands.
   *
   * @param epoch whole steps or epochs since the start
   * @param tCur position within the current period, from 0
   * @param tI length of the current period, a whole number
   * @param restarts how often it has started over
   */
  public record State(long epoch, double tCur, double tI, long restarts) {

    /**
     * Checks that a saved state can be continued.
     *
     * @throws IllegalArgumentException if {@code epoch}, {@code tCur} or {@code restarts} is
     *     negative or {@code tI} is below 1
     */
    public State {
      if (epoch < 0 || restarts < 0 || !(tCur >= 0) || !(tI >= 1) || Double.isInfinite(tCur)) {
        throw new IllegalArgumentException(
            "A state of a cosine schedule needs epoch >= 0, finite tCur >= 0, tI >= 1 and restarts >= 0, but has epoch "
                + epoch
                + ", tCur "
                + tCur
                + ", tI "
                + tI
                + ", restarts "
                + restarts
                + ".");
      }
    }
  }

  /** {@return the state before any step: the learning rate is the base} */
  public State start() {
    return new State(0, 0, t0, 0);
  }

  /**
   * {@return the state one whole step later} After {@link #at at} the fraction is kept.
   *
   * @param state the state to go on from
   */
  public State step(State state) {
    double next = state.tCur() + 1;
    return next < state.tI()
        ? new State(state.epoch() + 1, next, state.tI(), state.restarts())
        : new State(state.epoch() + 1, next % state.tI(), state.tI() * tMult, state.restarts() + 1);
  }

  /**
   * {@return the state at an epoch that may be fractional; what came before does not matter}
   *
   * @param epoch finite and not negative, for example {@code epoch + (double) batch / batches}
   * @throws IllegalArgumentException if {@code epoch} is negative or not finite
   */
  public State at(double epoch) {
    if (!(epoch >= 0 && epoch < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "The epoch must be finite and not negative, but is " + epoch + ".");
    }
    long whole = (long) epoch;
    if (tMult == 1) {
      return new State(whole, epoch % t0, t0, (long) ((epoch - epoch % t0) / t0));
    }
    double restart = 0;
    double period = t0;
    long restarts = 0;
    while (epoch - restart >= period) {
      restart += period;
      period *= tMult;
      restarts++;
    }
    return new State(whole, epoch - restart, period, restarts);
  }

  /**
   * {@return the learning rate of a group that only this schedule acts on}
   *
   * @param state where the schedule stands
   * @param baseLr the group's base learning rate, finite and not negative
   * @throws IllegalArgumentException if {@code baseLr} is negative or not finite
   */
  public double lr(State state, double baseLr) {
    LearningRates.checkBase(baseLr);
    if (baseLr == 0) {
      return 0;
    }
    double peak =
        Math.max(
            baseLr * StrictMath.pow(restartDecay, (double) state.restarts()),
            Math.min(baseLr, etaMin));
    return etaMin + (peak - etaMin) * (1 + Math.cos(Math.PI * state.tCur() / state.tI())) / 2;
  }

  /**
   * {@return the factor to multiply a group's base learning rate by: {@link #lr lr} divided by the
   * base, 1 for a base of 0}
   *
   * @param state where the schedule stands
   * @param baseLr the group's base learning rate, finite and not negative
   * @throws IllegalArgumentException if {@code baseLr} is negative or not finite
   */
  public double factor(State state, double baseLr) {
    double lr = lr(state, baseLr);
    return baseLr == 0 ? 1 : lr / baseLr;
  }
}
