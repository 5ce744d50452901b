package dev.quern.spi;

/** The family of fused segmentation losses: turns a specification into an executable plan. */
public interface SegmentationKernels {
  /**
   * Prepares a loss; the engine caches the plan by its specification.
   *
   * @param spec the loss
   * @return its plan, valid until the backend is closed
   * @throws UnsupportedOperationException if this backend cannot do it, naming what is missing
   */
  FusedLossPlan prepare(FusedLossSpec spec);
}
