package dev.quern.schedule;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Several schedules on one optimizer: {@code lr = base x warm-up x cosine x plateau x closed
 * forms}, any of which may be absent. While the warm-up lasts the others wait where they start, at
 * their first factor; metrics of those steps are not looked at. Then they go on side by side, and
 * the plateau looks only at its own factor, not at what the others do.
 *
 * <p>Difference from PyTorch, where a cosine step overwrites what a plateau reduced and a chain of
 * schedulers takes no plateau at all: here none overwrites another. What multiplies in PyTorch
 * ({@code StepLR} chained with {@code ExponentialLR}) gives the same numbers here; what anneals to
 * an {@code etaMin} there does so from what others left, here as a factor of the base.
 *
 * @param warmup comes first; null for none
 * @param cosine steps without a metric; null for none
 * @param plateau steps with a metric; null for none
 * @param closedForms step without a metric, all at the same step
 */
public record ScheduleProduct(
    @Nullable LinearWarmup warmup,
    @Nullable CosineAnnealingWarmRestarts cosine,
    @Nullable ReduceLROnPlateau plateau,
    List<ClosedFormSchedule> closedForms) {

  /** Copies the list. */
  public ScheduleProduct {
    closedForms = List.copyOf(closedForms);
  }

  /** Creates the constant schedule: every factor is 1. */
  public ScheduleProduct() {
    this(null, null, null, List.of());
  }

  /**
   * {@return this product with a warm-up before everything else}
   *
   * @param first the warm-up
   */
  public ScheduleProduct withWarmup(LinearWarmup first) {
    return new ScheduleProduct(first, cosine, plateau, closedForms);
  }

  /**
   * {@return this product with a cosine}
   *
   * @param annealing the cosine
   */
  public ScheduleProduct withCosine(CosineAnnealingWarmRestarts annealing) {
    return new ScheduleProduct(warmup, annealing, plateau, closedForms);
  }

  /**
   * {@return this product with a plateau}
   *
   * @param reduction the plateau
   */
  public ScheduleProduct withPlateau(ReduceLROnPlateau reduction) {
    return new ScheduleProduct(warmup, cosine, reduction, closedForms);
  }

  /**
   * {@return this product with one more factor}
   *
   * @param schedule the factor
   */
  public ScheduleProduct with(ClosedFormSchedule schedule) {
    return new ScheduleProduct(
        warmup, cosine, plateau, Stream.concat(closedForms.stream(), Stream.of(schedule)).toList());
  }

  /**
   * Where the schedules stand; each is null exactly where the product has none.
   *
   * @param warmup of the warm-up
   * @param cosine of the cosine
   * @param plateau of the plateau
   * @param step the steps of the closed forms, 0 without any
   */
  public record State(
      LinearWarmup.@Nullable State warmup,
      CosineAnnealingWarmRestarts.@Nullable State cosine,
      ReduceLROnPlateau.@Nullable State plateau,
      long step) {

    /**
     * Checks that a saved state can be continued.
     *
     * @throws IllegalArgumentException if {@code step} is negative
     */
    // spelt out: of a compact constructor's parameters javac does not write that they may be null
    public State(
        LinearWarmup.@Nullable State warmup,
        CosineAnnealingWarmRestarts.@Nullable State cosine,
        ReduceLROnPlateau.@Nullable State plateau,
        long step) {
      if (step < 0) {
        throw new IllegalArgumentException(
            "A state of schedules needs step >= 0, but has step " + step + ".");
      }
      this.warmup = warmup;
      this.cosine = cosine;
      this.plateau = plateau;
      this.step = step;
    }
  }

  /**
   * {@return the state before any step}
   *
   * @param groups number of parameter groups, at least 1
   * @throws IllegalArgumentException if it is below 1 or does not fit the plateau
   */
  public State start(int groups) {
    if (groups < 1) {
      throw new IllegalArgumentException(
          "The number of parameter groups must be at least 1, but is " + groups + ".");
    }
    return new State(
        warmup == null ? null : warmup.start(),
        cosine == null ? null : cosine.start(),
        plateau == null ? null : plateau.start(groups),
        0);
  }

  /**
   * {@return the state after one more step}
   *
   * @param state the state to go on from
   * @param metric the metric of this step, for the plateau
   * @param baseLr the base learning rate of every group, finite and not negative
   * @throws IllegalArgumentException if the state is not one of this product, or the base learning
   *     rates do not fit
   */
  public State step(State state, double metric, double... baseLr) {
    requireOwn(state);
    for (double base : baseLr) {
      LearningRates.checkBase(base);
    }
    if (warmup != null && state.warmup() != null && !warmup.isOver(state.warmup())) {
      return new State(warmup.step(state.warmup()), state.cosine(), state.plateau(), 0);
    }
    return new State(
        state.warmup(),
        cosine == null || state.cosine() == null ? null : cosine.step(state.cosine()),
        plateau == null || state.plateau() == null
            ? null
            : plateau.step(state.plateau(), metric, baseLr),
        closedForms.isEmpty() ? 0 : state.step() + 1);
  }

  /**
   * {@return the factor to multiply a group's base learning rate by: the product of the schedules'
   * factors}
   *
   * @param state where the schedules stand
   * @param group index of the group
   * @param baseLr the group's base learning rate, finite and not negative
   * @throws IllegalArgumentException if the state is not one of this product, or the base learning
   *     rate is outside its range
   */
  public double factor(State state, int group, double baseLr) {
    requireOwn(state);
    LearningRates.checkBase(baseLr);
    double factor = 1;
    if (warmup != null && state.warmup() != null) {
      factor *= warmup.factor(state.warmup());
    }
    if (cosine != null && state.cosine() != null) {
      factor *= cosine.factor(state.cosine(), baseLr);
    }
    if (state.plateau() != null) {
      factor *= state.plateau().factor(group);
    }
    for (ClosedFormSchedule schedule : closedForms) {
      factor *= schedule.factor(state.step(), baseLr);
    }
    return factor;
  }

  /**
   * {@return the learning rate of a group}
   *
   * @param state where the schedules stand
   * @param group index of the group
   * @param baseLr the group's base learning rate, finite and not negative
   * @throws IllegalArgumentException if the state is not one of this product, or the base learning
   *     rate is outside its range
   */
  public double lr(State state, int group, double baseLr) {
    return baseLr * factor(state, group, baseLr);
  }

  private void requireOwn(State state) {
    if ((warmup == null) != (state.warmup() == null)
        || (cosine == null) != (state.cosine() == null)
        || (plateau == null) != (state.plateau() == null)
        || (closedForms.isEmpty() && state.step() != 0)) {
      throw new IllegalArgumentException(
          "The state %s is not one of the schedule %s.".formatted(state, this));
    }
  }
}
