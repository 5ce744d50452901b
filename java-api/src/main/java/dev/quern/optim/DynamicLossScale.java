package dev.quern.optim;

/**
 * A loss scale that follows the gradients, for values that a format of few bits would lose: it is
 * the upstream gradient of the loss ({@link Optimizer#lossScale}), and the optimizer divides by it
 * again. A step with a gradient that is not finite changes nothing and multiplies the scale by
 * {@code backoff}; after {@code interval} finite steps in a row it is multiplied by {@code growth}.
 *
 * <pre>{@code
 * Adam adam = Adam.builder(store).lossScale(new DynamicLossScale()).build();
 * LossResult loss = dice.forwardBackward(logits, mask, adam.lossScale());
 * model.backward(loss.gradient());
 * adam.step();
 * }</pre>
 *
 * <p>Scale and count live on the device and are moved by the reduction that looks for numbers that
 * are not finite: no launch more, and nobody waits. {@link Optimizer#lossScaleState} reads them.
 *
 * <p>Source: PyTorch's {@code GradScaler} with its defaults. Differences: the scale stays between
 * {@code min} and {@code max}, where PyTorch's can fall below 1 and grows as long as F32 holds it;
 * it belongs to one optimizer, where PyTorch's may serve several; a count restored from elsewhere
 * that is above the interval grows the scale at once, where PyTorch's never would again.
 *
 * @param initial the first scale, between min and max; 2^16 by default
 * @param growth above 1, also in F32; 2 by default
 * @param backoff above 0 and below 1, also in F32; 0.5 by default
 * @param interval finite steps in a row before it grows, at least 1; 2000 by default
 * @param min what it does not fall below, at least 1; 1 by default
 * @param max what it does not rise above, at most 2^126; 2^126 by default
 */
public record DynamicLossScale(
    double initial, double growth, double backoff, int interval, double min, double max) {

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a value is outside its range
   */
  public DynamicLossScale {
    Ranges.require(
        (float) growth > 1 && growth <= Float.MAX_VALUE,
        "growth",
        "above 1 in F32 and at most " + Float.MAX_VALUE,
        growth);
    Ranges.require(
        backoff >= Float.MIN_NORMAL && (float) backoff < 1,
        "backoff",
        "at least " + Float.MIN_NORMAL + " and below 1 in F32",
        backoff);
    if (interval < 1) {
      throw new IllegalArgumentException("interval must be at least 1, got " + interval + ".");
    }
    Ranges.require(min >= 1, "min", "at least 1", min);
    Ranges.require(
        max >= min && max <= Ranges.MAX_LOSS_SCALE,
        "max",
        "at least min, which is " + min + ", and at most 2^126",
        max);
    Ranges.require(
        initial >= min && initial <= max,
        "initial",
        "between min and max, which are " + min + " and " + max,
        initial);
  }

  /** Creates PyTorch's defaults, between 1 and 2^126. */
  public DynamicLossScale() {
    this(0x1p16, 2, 0.5, 2000, 1, Ranges.MAX_LOSS_SCALE);
  }

  /**
   * Sets the first scale.
   *
   * @param value between min and max
   * @return a loss scale that differs in this
   */
  public DynamicLossScale withInitial(double value) {
    return new DynamicLossScale(value, growth, backoff, interval, min, max);
  }

  /**
   * Sets how it grows.
   *
   * @param factor above 1
   * @param steps finite steps in a row before it grows
   * @return a loss scale that differs in this
   */
  public DynamicLossScale withGrowth(double factor, int steps) {
    return new DynamicLossScale(initial, factor, backoff, steps, min, max);
  }

  /**
   * Sets how it falls.
   *
   * @param factor above 0 and below 1
   * @return a loss scale that differs in this
   */
  public DynamicLossScale withBackoff(double factor) {
    return new DynamicLossScale(initial, growth, factor, interval, min, max);
  }

  /**
   * Sets the limits.
   *
   * @param least at least 1
   * @param greatest at most 2^126
   * @return a loss scale that differs in this
   */
  public DynamicLossScale withLimits(double least, double greatest) {
    return new DynamicLossScale(initial, growth, backoff, interval, least, greatest);
  }

  /**
   * Where a loss scale stands: what is saved and restored, with the same bits afterwards.
   *
   * @param scale the scale of the coming step, at least 1 and at most 2^126
   * @param finiteSteps finite steps in a row since it last changed, at least 0
   */
  public record State(double scale, int finiteSteps) {
    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public State {
      Ranges.lossScale(scale);
      if (finiteSteps < 0) {
        throw new IllegalArgumentException(
            "finiteSteps must be at least 0, got " + finiteSteps + ".");
      }
    }
  }
}
