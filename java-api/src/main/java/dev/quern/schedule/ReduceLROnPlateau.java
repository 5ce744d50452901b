package dev.quern.schedule;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Lowers the learning rate when a metric stops improving. The sequence is that of PyTorch's class
 * of the same name.
 *
 * <p>A metric {@code a} is better than the best so far, strictly, when
 *
 * <table>
 * <caption>Meaning of better</caption>
 * <tr><th>mode</th><th>REL</th><th>ABS</th><th>MAGNITUDE</th></tr>
 * <tr><td>MIN</td><td>{@code a < best (1 - threshold)}</td><td>{@code a < best - threshold}</td><td>{@code a < best - |best| threshold}</td></tr>
 * <tr><td>MAX</td><td>{@code a > best (1 + threshold)}</td><td>{@code a > best + threshold}</td><td>{@code a > best + |best| threshold}</td></tr>
 * </table>
 *
 * <p>Anything else, NaN included, is a bad epoch. The learning rate falls at the ({@code patience}
 * + 1)-th bad epoch in a row; during the {@code cooldown} epochs after it bad epochs are not
 * counted. With a negative best REL loosens the test where it should tighten it (as in PyTorch):
 * use MAGNITUDE or ABS for metrics that can be negative. MAGNITUDE, which PyTorch does not have, is
 * REL to the bit where the best is not negative.
 *
 * <p>A reduction sets a group's learning rate to {@code max(lr factor, minLr)}, but only if that
 * lowers it by more than {@code eps}. Here {@code lr} is the group's base learning rate times this
 * schedule's own factor: what other schedules do to the group has no influence.
 *
 * <p>Differences from PyTorch: a {@code factor} outside (0, 1), a negative or non-finite {@code
 * patience}, {@code threshold}, {@code cooldown}, {@code minLr} or {@code eps}, and a relative
 * threshold of 1 or more in mode MIN (with which nothing is ever better) are refused, where PyTorch
 * refuses only a factor of 1 or more. The parameters are checked when the record is made.
 *
 * @param mode whether lower or higher metrics are better
 * @param factor what a reduction multiplies the learning rate by, in (0, 1)
 * @param patience bad epochs in a row that are tolerated
 * @param threshold the least improvement that counts
 * @param thresholdMode what the threshold is measured against
 * @param cooldown epochs after a reduction in which bad epochs are not counted
 * @param minLr lower bounds of the learning rate: one for all groups, or one per group
 * @param eps the least change of the learning rate; smaller ones are not made
 * @param verbose whether each reduction is logged, at level INFO by the {@link System.Logger} of
 *     this class
 */
public record ReduceLROnPlateau(
    Mode mode,
    double factor,
    int patience,
    double threshold,
    ThresholdMode thresholdMode,
    int cooldown,
    List<Double> minLr,
    double eps,
    boolean verbose) {

  private static final System.Logger LOG = System.getLogger(ReduceLROnPlateau.class.getName());

  /** Which metrics are better. */
  public enum Mode {
    /** Lower is better, as for a loss. */
    MIN,
    /** Higher is better, as for an IoU. */
    MAX
  }

  /** What the threshold is measured against. */
  public enum ThresholdMode {
    /** A fraction of the best metric; for metrics that are never negative. */
    REL,
    /** A difference from the best metric. */
    ABS,
    /** A fraction of the best metric's magnitude; for metrics of any sign. */
    MAGNITUDE
  }

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public ReduceLROnPlateau {
    if (!(factor > 0 && factor < 1)) {
      throw new IllegalArgumentException(
          "factor must lie between 0 and 1, both excluded, but is " + factor + ".");
    }
    if (patience < 0) {
      throw new IllegalArgumentException("patience must not be negative, but is " + patience + ".");
    }
    requireNotNegative("threshold", threshold);
    if (mode == Mode.MIN && thresholdMode == ThresholdMode.REL && threshold >= 1) {
      throw new IllegalArgumentException(
          "A relative threshold must be below 1 in mode MIN, but is "
              + threshold
              + ": nothing would ever be better.");
    }
    if (cooldown < 0) {
      throw new IllegalArgumentException("cooldown must not be negative, but is " + cooldown + ".");
    }
    minLr = List.copyOf(minLr);
    if (minLr.isEmpty()) {
      throw new IllegalArgumentException(
          "minLr must hold one bound for all groups or one per group, but is empty.");
    }
    for (double bound : minLr) {
      requireNotNegative("minLr", bound);
    }
    requireNotNegative("eps", eps);
  }

  /**
   * A schedule with PyTorch's defaults: factor 0.1, patience 10, threshold 1e-4 relative, cooldown
   * 0, minLr 0, eps 1e-8, not verbose.
   *
   * @param mode whether lower or higher metrics are better
   */
  public ReduceLROnPlateau(Mode mode) {
    this(mode, 0.1, 10, 1e-4, ThresholdMode.REL, 0, List.of(0.0), 1e-8, false);
  }

  /**
   * {@return this schedule with another factor}
   *
   * @param newFactor in (0, 1)
   */
  public ReduceLROnPlateau withFactor(double newFactor) {
    return new ReduceLROnPlateau(
        mode, newFactor, patience, threshold, thresholdMode, cooldown, minLr, eps, verbose);
  }

  /**
   * {@return this schedule with another patience}
   *
   * @param newPatience not negative
   */
  public ReduceLROnPlateau withPatience(int newPatience) {
    return new ReduceLROnPlateau(
        mode, factor, newPatience, threshold, thresholdMode, cooldown, minLr, eps, verbose);
  }

  /**
   * {@return this schedule with another threshold}
   *
   * @param newThreshold finite, not negative
   * @param newMode what it is measured against
   */
  public ReduceLROnPlateau withThreshold(double newThreshold, ThresholdMode newMode) {
    return new ReduceLROnPlateau(
        mode, factor, patience, newThreshold, newMode, cooldown, minLr, eps, verbose);
  }

  /**
   * {@return this schedule with another cooldown}
   *
   * @param newCooldown not negative
   */
  public ReduceLROnPlateau withCooldown(int newCooldown) {
    return new ReduceLROnPlateau(
        mode, factor, patience, threshold, thresholdMode, newCooldown, minLr, eps, verbose);
  }

  /**
   * {@return this schedule with other lower bounds of the learning rate}
   *
   * @param bounds one for all groups, or one per group; finite, not negative
   */
  public ReduceLROnPlateau withMinLr(List<Double> bounds) {
    return new ReduceLROnPlateau(
        mode, factor, patience, threshold, thresholdMode, cooldown, bounds, eps, verbose);
  }

  /**
   * {@return this schedule with another least change of the learning rate}
   *
   * @param newEps finite, not negative
   */
  public ReduceLROnPlateau withEps(double newEps) {
    return new ReduceLROnPlateau(
        mode, factor, patience, threshold, thresholdMode, cooldown, minLr, newEps, verbose);
  }

  /**
   * {@return this schedule with logging of reductions on or off}
   *
   * @param newVerbose whether each reduction is logged
   */
  public ReduceLROnPlateau withVerbose(boolean newVerbose) {
    return new ReduceLROnPlateau(
        mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps, newVerbose);
  }

  /**
   * Where the schedule stands.
   *
   * @param epoch metrics seen
   * @param best the best metric so far; infinite (the worst value of the mode) before the first
   *     better one
   * @param badEpochs bad epochs in a row
   * @param cooldownLeft epochs of the cooldown still to come
   * @param factors per group, what to multiply its base learning rate by, in [0, 1]
   */
  public record State(
      long epoch, double best, int badEpochs, int cooldownLeft, List<Double> factors) {

    /**
     * Checks that a saved state can be continued.
     *
     * @throws IllegalArgumentException if a count is negative, the best metric is NaN, or a factor
     *     is outside [0, 1]
     */
    public State {
      if (epoch < 0 || badEpochs < 0 || cooldownLeft < 0 || Double.isNaN(best)) {
        throw new IllegalArgumentException(
            "A state of a plateau schedule needs counts that are not negative and a best metric that is a number,"
                + " but has epoch "
                + epoch
                + ", badEpochs "
                + badEpochs
                + ", cooldownLeft "
                + cooldownLeft
                + ", best "
                + best
                + ".");
      }
      factors = List.copyOf(factors);
      for (double f : factors) {
        if (!(f >= 0 && f <= 1)) {
          throw new IllegalArgumentException(
              "The factors of a plateau schedule lie in [0, 1], but one is " + f + ".");
        }
      }
    }

    /**
     * {@return what to multiply the base learning rate of a group by}
     *
     * @param group index of the group
     * @throws IndexOutOfBoundsException if there is no such group
     */
    public double factor(int group) {
      return factors.get(group);
    }
  }

  /**
   * {@return the state before any metric: every factor is 1}
   *
   * @param groups number of parameter groups, at least 1
   * @throws IllegalArgumentException if {@code groups} is below 1 or is not the number of the
   *     bounds in {@code minLr}
   */
  public State start(int groups) {
    if (groups < 1) {
      throw new IllegalArgumentException(
          "The number of parameter groups must be at least 1, but is " + groups + ".");
    }
    checkGroups(groups);
    double worst = mode == Mode.MIN ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    return new State(0, worst, 0, 0, Collections.nCopies(groups, 1.0));
  }

  /**
   * {@return the state after one more metric}
   *
   * @param state the state to go on from
   * @param metric the metric of this epoch; NaN counts as a bad epoch
   * @param baseLr the base learning rate of every group, finite and not negative
   * @throws IllegalArgumentException if the number of groups differs or a base learning rate is
   *     outside its range
   */
  public State step(State state, double metric, double... baseLr) {
    if (baseLr.length != state.factors().size()) {
      throw new IllegalArgumentException(
          "The state holds "
              + state.factors().size()
              + " parameter groups, but "
              + baseLr.length
              + " base learning rates were given.");
    }
    checkGroups(baseLr.length);
    for (double base : baseLr) {
      LearningRates.checkBase(base);
    }
    boolean better = isBetter(metric, state.best());
    double best = better ? metric : state.best();
    int bad = better ? 0 : state.badEpochs() + 1;
    int cooldownLeft = state.cooldownLeft();
    if (cooldownLeft > 0) {
      cooldownLeft--;
      bad = 0;
    }
    List<Double> factors = state.factors();
    if (bad > patience) {
      factors = reduced(state, baseLr);
      cooldownLeft = cooldown;
      bad = 0;
    }
    return new State(state.epoch() + 1, best, bad, cooldownLeft, factors);
  }

  private boolean isBetter(double metric, double best) {
    return switch (mode) {
      case MIN -> metric < bound(best, -threshold);
      case MAX -> metric > bound(best, threshold);
    };
  }

  /** What a metric has to pass; {@code gain} has the sign of the direction. */
  private double bound(double best, double gain) {
    return switch (thresholdMode) {
      case REL -> best * (1 + gain);
      case ABS -> best + gain;
      // before the first metric the best is infinite, and any number passes it
      case MAGNITUDE ->
          Double.isInfinite(best) ? best : best < 0 ? best * (1 - gain) : best * (1 + gain);
    };
  }

  private List<Double> reduced(State state, double[] baseLr) {
    List<Double> factors = new ArrayList<>(state.factors());
    for (int group = 0; group < baseLr.length; group++) {
      double lr = baseLr[group] * state.factor(group);
      double lower = Math.max(lr * factor, minLr.get(minLr.size() == 1 ? 0 : group));
      if (lr - lower > eps) {
        factors.set(group, lower / baseLr[group]);
        if (verbose) {
          LOG.log(
              System.Logger.Level.INFO,
              "Epoch {0}: the learning rate of group {1} falls from {2} to {3}.",
              Long.toString(state.epoch() + 1),
              Integer.toString(group),
              Double.toString(lr),
              Double.toString(lower));
        }
      }
    }
    return factors;
  }

  private void checkGroups(int groups) {
    if (minLr.size() != 1 && minLr.size() != groups) {
      throw new IllegalArgumentException(
          "minLr holds "
              + minLr.size()
              + " bounds, but there are "
              + groups
              + " parameter groups; give one bound for all or one per group.");
    }
  }

  private static void requireNotNegative(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + " must be finite and not negative, but is " + value + ".");
    }
  }
}
