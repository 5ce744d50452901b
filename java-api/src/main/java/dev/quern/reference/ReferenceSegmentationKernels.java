package dev.quern.reference;

import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.SegmentationKernels;

/** The fused losses of the reference backend. */
final class ReferenceSegmentationKernels implements SegmentationKernels {
  @Override
  public FusedLossPlan prepare(FusedLossSpec spec) {
    return new ReferenceFusedLoss(spec);
  }
}
