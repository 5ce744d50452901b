package dev.quern.spi;

/** The family of Lovasz losses: turns a specification into an executable plan. */
public interface LovaszKernels {
  /**
   * Prepares a loss; the engine caches the plan by its specification.
   *
   * @param spec the loss
   * @return its plan, valid until the backend is closed
   * @throws UnsupportedOperationException if this backend cannot do it, naming what is missing
   */
  LovaszPlan prepare(LovaszSpec spec);
}
