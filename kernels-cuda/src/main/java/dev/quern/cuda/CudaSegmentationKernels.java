package dev.quern.cuda;

import dev.quern.cuda.host.Buffer;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.SegmentationKernels;
import dev.quern.spi.TermTable;
import java.lang.foreign.MemorySegment;

/** The fused losses on an CUDA device. */
final class CudaSegmentationKernels implements SegmentationKernels {
  private final FamilyModule module;
  private final CudaMemory memory;

  CudaSegmentationKernels(FamilyModule module, CudaMemory memory) {
    this.module = module;
    this.memory = memory;
  }

  /** Prepares a loss; its table of terms stays on the device until the backend is closed. */
  @Override
  public FusedLossPlan prepare(FusedLossSpec spec) {
    TermTable.requireBinary(spec);
    MemorySegment terms = TermTable.encode(spec);
    Buffer table = memory.allocate(terms.byteSize());
    memory.upload(terms, table, 0);
    return new CudaFusedLoss(spec, table, module);
  }
}
