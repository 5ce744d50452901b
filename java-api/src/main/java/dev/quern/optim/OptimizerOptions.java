package dev.quern.optim;

/**
 * The hyper-parameters of a {@link ParameterGroup}.
 *
 * @param <O> the options' own type
 */
public sealed interface OptimizerOptions<O extends OptimizerOptions<O>>
    permits AdamOptions, SgdOptions {
  /**
   * Returns the learning rate.
   *
   * @return the learning rate
   */
  double lr();

  /**
   * Sets the learning rate.
   *
   * @param value the learning rate, finite and at least 0
   * @return options that differ in this
   * @throws IllegalArgumentException if out of range
   */
  O withLr(double value);
}
