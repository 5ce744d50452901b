package dev.quern.schedule;

/**
 * A decay in equal stairs.
 *
 * <pre>factor = gamma^(step / stepSize), the quotient rounded down</pre>
 *
 * <p>Source: PyTorch's class of the same name, in closed form. A gamma above 1 makes the learning
 * rate rise, as there; one of 0 or less is refused, which there passes.
 *
 * @param stepSize steps between two reductions, at least 1
 * @param gamma what each multiplies the learning rate by, finite and above 0; PyTorch's default is
 *     0.1
 */
public record StepLR(int stepSize, double gamma) implements ClosedFormSchedule {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public StepLR {
    LearningRates.atLeastOne("stepSize", stepSize);
    LearningRates.finiteAboveZero("gamma", gamma);
  }

  @Override
  public double factor(long step, double baseLr) {
    LearningRates.check(step, baseLr);
    long stairs = step / stepSize;
    return StrictMath.pow(gamma, (double) stairs);
  }
}
