package dev.quern.schedule;

/**
 * A linear warm-up: the learning rate rises from a fraction of its base to the base, and stays.
 *
 * <pre>factor = startFactor + (1 - startFactor) min(step, steps) / steps</pre>
 *
 * <p>Source: PyTorch's {@code LinearLR} with {@code end_factor} 1, in closed form, where PyTorch
 * multiplies the previous learning rate and drifts.
 *
 * @param steps how many steps it lasts, at least 1
 * @param startFactor the first factor, in (0, 1]
 */
public record LinearWarmup(int steps, double startFactor) {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public LinearWarmup {
    if (steps < 1) {
      throw new IllegalArgumentException("steps must be at least 1, but is " + steps + ".");
    }
    if (!(startFactor > 0 && startFactor <= 1)) {
      throw new IllegalArgumentException(
          "startFactor must lie in (0, 1], but is " + startFactor + ".");
    }
  }

  /**
   * A warm-up that would start at 0 one step earlier.
   *
   * @param steps how many steps it lasts, at least 1
   * @throws IllegalArgumentException if {@code steps} is below 1
   */
  public LinearWarmup(int steps) {
    this(steps, 1.0 / (Math.max(0, steps) + 1.0));
  }

  /**
   * Where the warm-up stands.
   *
   * @param step steps done
   */
  public record State(long step) {

    /**
     * Checks that a saved state can be continued.
     *
     * @throws IllegalArgumentException if {@code step} is negative
     */
    public State {
      if (step < 0) {
        throw new IllegalArgumentException(
            "A state of a warm-up needs step >= 0, but has step " + step + ".");
      }
    }
  }

  /** {@return the state before any step} */
  public State start() {
    return new State(0);
  }

  /**
   * {@return the state one step later}
   *
   * @param state the state to go on from
   */
  public State step(State state) {
    return new State(state.step() + 1);
  }

  /**
   * {@return whether the factor has reached 1 for good}
   *
   * @param state where the warm-up stands
   */
  public boolean isOver(State state) {
    return state.step() >= steps;
  }

  /**
   * {@return the factor to multiply a group's base learning rate by}
   *
   * @param state where the warm-up stands
   */
  public double factor(State state) {
    return isOver(state) ? 1 : startFactor + (1 - startFactor) * state.step() / steps;
  }
}
