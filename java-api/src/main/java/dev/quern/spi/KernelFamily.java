package dev.quern.spi;

/** The kernel families of a {@link Backend}. */
public enum KernelFamily {
  /** Fill, copy, elementwise arithmetic: {@link PointwiseKernels}. */
  POINTWISE,
  /** Sums: {@link ReductionKernels}. */
  REDUCTION,
  /** Matrix products: {@link MatrixKernels}. */
  MATRIX,
  /** Counter-based random numbers: {@link RandomKernels}. */
  RANDOM,
  /** Fused segmentation losses: {@link FusedLossPlan}. */
  SEGMENTATION,
  /** Lovasz losses: {@link LovaszPlan}. */
  LOVASZ,
  /** Confusion counts: {@link ConfusionKernels}. */
  CONFUSION,
  /** Optimizer steps over an arena: {@link OptimizerKernels}. */
  OPTIMIZER,
  /** Measures of the device itself: {@link CalibrationKernels}. */
  CALIBRATION
}
