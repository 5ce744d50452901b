package dev.quern.reference;

import dev.quern.spi.LovaszKernels;
import dev.quern.spi.LovaszPlan;
import dev.quern.spi.LovaszSpec;

/** The Lovasz losses of the reference backend. */
final class ReferenceLovaszKernels implements LovaszKernels {
  @Override
  public LovaszPlan prepare(LovaszSpec spec) {
    return new ReferenceLovasz(spec);
  }
}
