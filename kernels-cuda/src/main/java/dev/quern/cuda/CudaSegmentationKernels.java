package dev.quern.cuda;

import dev.quern.DType;
import dev.quern.cuda.host.Buffer;
import dev.quern.gpu.layout.FusedLossEncoding;
import dev.quern.spi.Support;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.SegmentationKernels;
import java.lang.foreign.MemorySegment;

/** The fused losses on a CUDA device. */
final class CudaSegmentationKernels implements SegmentationKernels {
  private final FamilyModule elements;
  private final FamilyModule classes;
  private final CudaMemory memory;

  CudaSegmentationKernels(FamilyModule elements, FamilyModule classes, CudaMemory memory) {
    this.elements = elements;
    this.classes = classes;
    this.memory = memory;
  }

  /** Prepares a loss; its table stays on the device until the backend is closed. */
  @Override
  public Support support(DType dtype) {
    return dtype == DType.F16 || dtype == DType.BF16
        ? Support.yes()
        : SegmentationKernels.super.support(dtype);
  }

  @Override
  public FusedLossPlan prepare(FusedLossSpec spec) {
    DType dtype = spec.logitsDtype();
    if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
      throw new UnsupportedOperationException(
          "The fused losses of this backend take F32, F16 and BF16 logits, not " + dtype + ".");
    }
    MemorySegment table = FusedLossEncoding.encode(spec).memory();
    Buffer onDevice = memory.allocate(table.byteSize());
    memory.upload(table, onDevice, 0);
    return new CudaFusedLoss(spec, onDevice, elements, classes);
  }
}
