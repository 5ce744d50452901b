package dev.quern.optim;

import java.util.List;

/**
 * Parameters that share hyper-parameters.
 *
 * @param parameters their names in the store
 * @param options their hyper-parameters
 */
public record ParameterGroup(List<String> parameters, AdamOptions options) {
  /** Copies the list. */
  public ParameterGroup {
    parameters = List.copyOf(parameters);
  }
}
