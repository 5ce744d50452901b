package dev.quern.schedule;

/**
 * A polynomial decay: the learning rate falls from its base to 0 and stays there.
 *
 * <pre>factor = (1 - min(step, totalSteps) / totalSteps)^power</pre>
 *
 * <p>Source: PyTorch's class of the same name, in closed form; there the defaults are 5 and 1.
 * Segmentation papers mostly take a power of 0.9. PyTorch takes any power, here it is above 0.
 *
 * @param totalSteps how many steps it lasts, at least 1
 * @param power finite and above 0; 1 is a straight line
 */
public record PolynomialLR(int totalSteps, double power) implements ClosedFormSchedule {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public PolynomialLR {
    LearningRates.atLeastOne("totalSteps", totalSteps);
    LearningRates.finiteAboveZero("power", power);
  }

  @Override
  public double factor(long step, double baseLr) {
    LearningRates.check(step, baseLr);
    double left = 1 - (double) Math.min(step, totalSteps) / totalSteps;
    return StrictMath.pow(left, power);
  }
}
