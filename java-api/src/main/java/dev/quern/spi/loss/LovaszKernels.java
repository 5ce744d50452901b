package dev.quern.spi.loss;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Support;

/** The family of Lovasz losses: turns a specification into an executable plan. */
public interface LovaszKernels extends KernelFamily {
  /**
   * Tells whether a loss can be prepared.
   *
   * @param spec the loss
   * @return yes where the family takes the dtype of the logits, unless a backend says more
   */
  default Support support(LovaszSpec spec) {
    return support(spec.logitsDtype());
  }

  /**
   * Prepares a loss; the engine caches the plan by its specification.
   *
   * @param spec the loss
   * @return its plan
   * @throws UnsupportedOperationException if this backend cannot do it, naming what is missing
   */
  LovaszPlan prepare(LovaszSpec spec);
}
