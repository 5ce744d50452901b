package dev.quern.schedule;

import java.util.List;

/**
 * A decay at given steps.
 *
 * <pre>factor = gamma^(number of milestones that are at most step)</pre>
 *
 * <p>Source: PyTorch's class of the same name, in closed form: a milestone that is listed twice
 * counts twice. Milestones that do not rise are refused, which PyTorch sorts silently.
 *
 * @param milestones steps at which the learning rate falls, rising, each at least 1; at least one
 * @param gamma what each multiplies the learning rate by, finite and above 0; PyTorch's default is
 *     0.1
 */
public record MultiStepLR(List<Integer> milestones, double gamma) implements ClosedFormSchedule {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if a parameter is outside its range
   */
  public MultiStepLR {
    milestones = List.copyOf(milestones);
    int before = 1;
    for (int milestone : milestones) {
      if (milestone < before) {
        throw new IllegalArgumentException(
            "milestones must be at least 1 and rise, but are " + milestones + ".");
      }
      before = milestone;
    }
    if (milestones.isEmpty()) {
      throw new IllegalArgumentException("milestones must hold at least one step, but are empty.");
    }
    LearningRates.finiteAboveZero("gamma", gamma);
  }

  @Override
  public double factor(long step, double baseLr) {
    LearningRates.check(step, baseLr);
    long passed = milestones.stream().filter(milestone -> milestone <= step).count();
    return StrictMath.pow(gamma, (double) passed);
  }
}
