package dev.quern.reference;

import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;

/** The Lovasz losses of the reference backend. */
final class ReferenceLovaszKernels implements LovaszKernels {
  @Override
  public LovaszPlan prepare(LovaszSpec spec) {
    return new ReferenceLovasz(spec);
  }
}
