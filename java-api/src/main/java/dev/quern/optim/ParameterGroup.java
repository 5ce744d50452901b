package dev.quern.optim;

import java.util.List;

/**
 * Parameters that share hyper-parameters.
 *
 * @param parameters their names in the store
 * @param options their hyper-parameters
 * @param <O> the optimizer's options: {@link AdamOptions} or {@link SgdOptions}
 */
public record ParameterGroup<O extends OptimizerOptions<O>>(List<String> parameters, O options) {
  /** Copies the list. */
  public ParameterGroup {
    parameters = List.copyOf(parameters);
  }
}
