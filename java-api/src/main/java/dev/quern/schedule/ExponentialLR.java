package dev.quern.schedule;

/**
 * A decay by the same factor at every step.
 *
 * <pre>factor = gamma^step</pre>
 *
 * <p>Source: PyTorch's class of the same name, in closed form. A gamma above 1 makes the learning
 * rate rise, as there; one of 0 or less is refused, which there passes.
 *
 * @param gamma what each step multiplies the learning rate by, finite and above 0
 */
public record ExponentialLR(double gamma) implements ClosedFormSchedule {

  /**
   * Checks the parameter.
   *
   * @throws IllegalArgumentException if it is outside its range
   */
  public ExponentialLR {
    LearningRates.finiteAboveZero("gamma", gamma);
  }

  @Override
  public double factor(long step, double baseLr) {
    LearningRates.check(step, baseLr);
    return StrictMath.pow(gamma, (double) step);
  }
}
