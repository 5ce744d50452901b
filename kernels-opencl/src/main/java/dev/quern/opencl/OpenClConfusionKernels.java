package dev.quern.opencl;

import dev.quern.spi.ConfusionKernels;
import dev.quern.spi.Span;
import org.jspecify.annotations.Nullable;

/** Launches {@code confusion.cl}. Scratch memory: the chunks' counts, then their faults. */
final class OpenClConfusionKernels implements ConfusionKernels {
  private static final int RECORD_BYTES = 4 * Double.BYTES;

  private final FamilyProgram program;

  OpenClConfusionKernels(FamilyProgram program) {
    this.program = program;
  }

  @Override
  public long scratchBytes(long elements, long inner) {
    return Math.max(1, elements / inner * chunks(inner) * (RECORD_BYTES + Long.BYTES));
  }

  @Override
  public void count(
      Span predictions,
      float cut,
      Span target,
      @Nullable Integer ignoreIndex,
      long inner,
      Span counts,
      Span fault,
      Span scratch) {
    long records = target.length() / inner * chunks(inner);
    long faults = records * RECORD_BYTES;
    program.launch(
        program
            .kernel("confusion_partials")
            .tensor(predictions)
            .tensor(target)
            .scratch(scratch, 0, Double.BYTES)
            .scratch(scratch, faults, Long.BYTES)
            .scalar(inner)
            .scalar(ignoreIndex == null ? 0 : (long) ignoreIndex)
            .scalar(ignoreIndex == null ? 0 : 1)
            .scalar(target.dtype().code())
            .scalar(cut),
        records);
    program.launch(
        program
            .kernel("confusion_total")
            .scratch(scratch, 0, Double.BYTES)
            .scratch(scratch, faults, Long.BYTES)
            .tensor(counts)
            .tensor(fault)
            .scalar(records)
            .scalar(chunks(inner)),
        counts.length() / 4);
  }

  private long chunks(long inner) {
    return program.geometry().chunks(inner);
  }
}
