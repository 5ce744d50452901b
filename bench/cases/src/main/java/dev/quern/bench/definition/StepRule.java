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

  /** The gradient as it enters a rule; NaN stays NaN. */
  static double prepared(double gradient, double factor, double clipValue, boolean maximize) {
    double g = Math.max(-clipValue, Math.min(clipValue, gradient * factor));
    return maximize ? -g : g;
  }
}
