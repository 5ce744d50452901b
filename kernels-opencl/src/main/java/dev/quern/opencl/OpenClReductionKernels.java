package dev.quern.opencl;

import dev.quern.spi.Span;
import dev.quern.spi.tensor.ReductionKernels;

/** Launches {@code reduction.cl}. */
final class OpenClReductionKernels implements ReductionKernels {
  private final FamilyProgram program;

  OpenClReductionKernels(FamilyProgram program) {
    this.program = program;
  }

  @Override
  public long scratchBytes(long elements) {
    return Math.max(1, program.geometry().chunks(elements) * Double.BYTES);
  }

  @Override
  public void sum(Span x, Span out, Span scratch) {
    long chunks = program.geometry().chunks(x.length());
    program.launch(
        program
            .kernel("sum_partials")
            .tensor(x)
            .scratch(scratch, 0, Double.BYTES)
            .scalar(x.length()),
        chunks);
    program.launch(
        program.kernel("sum_total").scratch(scratch, 0, Double.BYTES).tensor(out).scalar(chunks),
        1);
  }
}
