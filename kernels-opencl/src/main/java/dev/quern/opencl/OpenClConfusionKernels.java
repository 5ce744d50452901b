package dev.quern.opencl;

import dev.quern.DType;
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
  public long scratchBytes(long elements) {
    return Math.max(1, program.geometry().chunks(elements) * (RECORD_BYTES + Long.BYTES));
  }

  @Override
  public void count(
      Span predictions,
      float cut,
      Span target,
      @Nullable Integer ignoreIndex,
      Span counts,
      Span fault,
      Span scratch) {
    long chunks = program.geometry().chunks(target.length());
    long faults = chunks * RECORD_BYTES;
    boolean labels = target.dtype() == DType.U8;
    program.launch(
        program
            .kernel(labels ? "confusion_partials_u8" : "confusion_partials_f32")
            .tensor(predictions)
            .tensor(target)
            .scratch(scratch, 0, Double.BYTES)
            .scratch(scratch, faults, Long.BYTES)
            .scalar(target.length())
            .scalar(cut)
            .scalar(ignoreIndex == null ? Float.NaN : ignoreIndex.floatValue()),
        chunks);
    program.launch(
        program
            .kernel("confusion_total")
            .scratch(scratch, 0, Double.BYTES)
            .scratch(scratch, faults, Long.BYTES)
            .tensor(counts)
            .tensor(fault)
            .scalar(chunks),
        1);
  }
}
