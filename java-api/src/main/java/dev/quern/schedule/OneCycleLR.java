package dev.quern.schedule;

/**
 * One cycle: the learning rate rises from {@code base / divFactor} to the base within the first
 * part of the steps and falls to {@code base / divFactor / finalDivFactor} within the rest, where
 * it stays; with three phases it falls as long as it rose, back to where it began, and then to its
 * end. Each phase is half a cosine or a straight line.
 *
 * <p>Momentum, or Adam's beta1, goes the other way: {@link #momentum} says it, and the caller gives
 * it to the optimizer: {@code sgd.setOptions(0, options.withMomentum(cycle.momentum(step)))}.
 *
 * <p>Source: Smith and Topin, Super-Convergence (2018), with the sequence of PyTorch's class of the
 * same name. With {@code n = totalSteps} the phases end at the steps {@code pctStart n - 1} and
 * {@code n - 1}; with three at {@code pctStart n - 1}, {@code 2 pctStart n - 2} and {@code n - 1}.
 *
 * <p>Differences from PyTorch:
 *
 * <ul>
 *   <li>The group's base learning rate is PyTorch's {@code max_lr}, and the schedule a factor of
 *       it.
 *   <li>Behind the last step the learning rate stays; PyTorch goes on along the last phase for one
 *       step and then throws.
 *   <li>It does not change the momentum by itself, and needs no optimizer that has one.
 *   <li>A rise without length is refused, in which PyTorch divides by 0, and so are three phases of
 *       which the last has no steps, so that the cycle would not end where it should.
 * </ul>
 *
 * @param totalSteps steps of the whole cycle, at least 2
 * @param pctStart the share of the steps in which the learning rate rises, at most 1, with three
 *     phases at most about half; {@code pctStart totalSteps} is above 1
 * @param anneal how a phase goes from one end to the other
 * @param divFactor the base divided by the first learning rate, finite and above 0
 * @param finalDivFactor the first learning rate divided by the last, finite and above 0
 * @param threePhase whether it falls back to the first learning rate before it falls to the last
 * @param baseMomentum the momentum where the learning rate is highest, in [0, 1)
 * @param maxMomentum the momentum where it is lowest, in [0, 1)
 */
public record OneCycleLR(
    int totalSteps,
    double pctStart,
    Anneal anneal,
    double divFactor,
    double finalDivFactor,
    boolean threePhase,
    double baseMomentum,
    double maxMomentum)
    implements ClosedFormSchedule {

  /** How a phase goes from one end to the other. */
  public enum Anneal {
    /** Along half a cosine. */
    COS,
    /** Along a straight line. */
    LINEAR
  }

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public OneCycleLR {
    if (totalSteps < 2) {
      throw new IllegalArgumentException(
          "totalSteps must be at least 2, but is " + totalSteps + ".");
    }
    double rise = pctStart * totalSteps - 1;
    double fall = totalSteps - 1 - (threePhase ? 2 * rise : rise);
    if (!(rise > 0 && (threePhase ? fall > 0 : fall >= 0))) {
      throw new IllegalArgumentException(
          "pctStart must leave steps to every phase, but %s of %d steps is a rise of %s and a last fall of %s."
              .formatted(pctStart, totalSteps, rise, fall));
    }
    LearningRates.finiteAboveZero("divFactor", divFactor);
    LearningRates.finiteAboveZero("finalDivFactor", finalDivFactor);
    requireMomentum("baseMomentum", baseMomentum);
    requireMomentum("maxMomentum", maxMomentum);
  }

  /**
   * A cycle with PyTorch's defaults: a rise over 0.3 of the steps, cosines, divisors 25 and 1e4,
   * two phases, momentum between 0.85 and 0.95.
   *
   * @param totalSteps steps of the whole cycle, at least 4
   */
  public OneCycleLR(int totalSteps) {
    this(totalSteps, 0.3, Anneal.COS, 25, 1e4, false, 0.85, 0.95);
  }

  private static void requireMomentum(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must lie in [0, 1), but is " + value + ".");
    }
  }

  @Override
  public double factor(long step, double baseLr) {
    LearningRates.check(step, baseLr);
    double first = 1 / divFactor;
    return at(step, first, 1, first / finalDivFactor);
  }

  /**
   * {@return the momentum, or Adam's beta1, that goes with the learning rate}
   *
   * @param step steps taken so far, at least 0
   * @throws IllegalArgumentException if it is negative
   */
  public double momentum(long step) {
    LearningRates.check(step, 0);
    return at(step, maxMomentum, baseMomentum, maxMomentum);
  }

  /** What goes from {@code start} to {@code peak}, with three phases back, and to {@code end}. */
  private double at(long step, double start, double peak, double end) {
    double last = totalSteps - 1;
    double rise = pctStart * totalSteps - 1;
    double now = Math.min((double) step, last);
    if (now <= rise) {
      return between(start, peak, now / rise);
    }
    if (!threePhase) {
      return between(peak, end, (now - rise) / (last - rise));
    }
    double back = 2 * rise;
    return now <= back
        ? between(peak, start, (now - rise) / rise)
        : between(start, end, (now - back) / (last - back));
  }

  private double between(double from, double to, double share) {
    return switch (anneal) {
      case COS -> to + (from - to) / 2 * (1 + StrictMath.cos(Math.PI * share));
      case LINEAR -> (to - from) * share + from;
    };
  }
}
