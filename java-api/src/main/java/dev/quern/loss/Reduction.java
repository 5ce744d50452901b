package dev.quern.loss;

/** How the losses of elements or pixels become the value of a loss. */
public enum Reduction {
  /** Their sum over a divisor, which each loss states; 0 if there is nothing to divide. */
  MEAN,
  /** Their sum. */
  SUM,
  /**
   * They stay as they are: the value has the shape of the target. The gradient is that of their
   * sum.
   */
  NONE
}
