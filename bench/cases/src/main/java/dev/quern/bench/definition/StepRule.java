package dev.quern.bench.definition;

/** The hyper-parameters of a group and the step that they describe. */
public sealed interface StepRule permits AdamRule, SgdRule {
  /**
   * Takes one step.
   *
   * @param weights a parameter with its state, changed
   * @param gradient its gradient
   * @param factor what the gradient is multiplied by: clip coefficient / loss scale
   * @param clipValue the largest magnitude of an element after that; infinite for none
   */
  void step(Weights weights, float[] gradient, double factor, double clipValue);

  /**
   * Prepares a gradient.
   *
   * @param gradient as it is given
   * @param factor what it is multiplied by
   * @param clipValue its greatest magnitude then
   * @param maximize whether its sign is turned
   * @return what the step takes
   */
  static double prepared(double gradient, double factor, double clipValue, boolean maximize) {
    double g = Math.max(-clipValue, Math.min(clipValue, gradient * factor));
    return maximize ? -g : g;
  }
}
