package dev.quern.reference;

import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.SegmentationKernels;

/** The fused losses of the reference backend. */
final class ReferenceSegmentationKernels implements SegmentationKernels {
  @Override
  public FusedLossPlan prepare(FusedLossSpec spec) {
    return new ReferenceFusedLoss(spec);
  }
}
