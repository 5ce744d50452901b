package dev.quern.gpu.loss;

import dev.quern.DType;
import dev.quern.gpu.host.DeviceTable;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.layout.FusedLossEncoding;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Support;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.SegmentationKernels;

/** The fused losses on a GPU. */
public final class GpuSegmentationKernels implements SegmentationKernels {
  private final GpuFamily elements;
  private final GpuFamily classes;
  private final DeviceMemory memory;

  /**
   * Prepares nothing yet.
   *
   * @param elements the kernels of {@code segmentation}: of ELEMENTS, and what all layouts share
   * @param classes the kernels of {@code segmentation_classes}: of the other layouts
   * @param memory where the losses' tables will lie
   */
  public GpuSegmentationKernels(GpuFamily elements, GpuFamily classes, DeviceMemory memory) {
    this.elements = elements;
    this.classes = classes;
    this.memory = memory;
  }

  @Override
  public Support support(DType dtype) {
    return dtype == DType.F16 || dtype == DType.BF16
        ? Support.yes()
        : SegmentationKernels.super.support(dtype);
  }

  /** Compiles the kernels; the loss's table goes to the device with the first call. */
  @Override
  public FusedLossPlan prepare(FusedLossSpec spec) {
    DType dtype = spec.logitsDtype();
    if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
      throw new UnsupportedOperationException(
          "The fused losses of this backend take F32, F16 and BF16 logits, not " + dtype + ".");
    }
    boolean ofElements = spec.layout() == FusedLossSpec.Layout.ELEMENTS;
    elements.build();
    if (!ofElements) {
      classes.build();
    }
    var table = new DeviceTable(memory, DType.U8, FusedLossEncoding.encode(spec).memory());
    return new GpuFusedLoss(spec, table, elements, ofElements ? elements : classes);
  }
}
