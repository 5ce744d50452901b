package dev.quern.opencl;

import dev.quern.opencl.host.Buffer;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.SegmentationKernels;
import dev.quern.spi.TermTable;
import java.lang.foreign.MemorySegment;

/** The fused losses on an OpenCL device. */
final class OpenClSegmentationKernels implements SegmentationKernels {
  private final FamilyProgram program;
  private final OpenClMemory memory;

  OpenClSegmentationKernels(FamilyProgram program, OpenClMemory memory) {
    this.program = program;
    this.memory = memory;
  }

  /** Prepares a loss; its table of terms stays on the device until the backend is closed. */
  @Override
  public FusedLossPlan prepare(FusedLossSpec spec) {
    TermTable.requireBinary(spec);
    MemorySegment terms = TermTable.encode(spec);
    Buffer table = memory.allocate(terms.byteSize());
    memory.upload(terms, table, 0);
    return new OpenClFusedLoss(spec, table, program);
  }
}
