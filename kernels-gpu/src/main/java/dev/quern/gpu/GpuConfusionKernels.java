package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.Span;
import dev.quern.spi.metric.ConfusionKernels;
import dev.quern.spi.metric.CountOperands;
import dev.quern.spi.metric.MatrixCountOperands;

/**
 * Launches {@code confusion}. Scratch memory: of counts the chunks' records, then their faults; of
 * a matrix the faults alone.
 */
final class GpuConfusionKernels implements ConfusionKernels {
  private static final int RECORD_BYTES = 4 * Double.BYTES;

  private final GpuFamily family;

  GpuConfusionKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public long scratchBytes(long elements, long inner) {
    return Math.max(1, elements / inner * chunks(inner) * (RECORD_BYTES + Long.BYTES));
  }

  @Override
  public void count(CountOperands operands, Span scratch) {
    Integer ignoreIndex = operands.ignoreIndex();
    long records = operands.target().length() / operands.inner() * chunks(operands.inner());
    long faults = records * RECORD_BYTES;
    family
        .kernel("confusion_partials")
        .tensor(operands.predictions())
        .tensor(operands.target())
        .scratch(scratch, 0, Double.BYTES)
        .scratch(scratch, faults, Long.BYTES)
        .scalar(operands.inner())
        .scalar(ignoreIndex == null ? 0 : (long) ignoreIndex)
        .scalar(ignoreIndex == null ? 0 : 1)
        .scalar(operands.target().dtype().code())
        .scalar(operands.cut())
        .enqueue(records);
    family
        .kernel("confusion_total")
        .scratch(scratch, 0, Double.BYTES)
        .scratch(scratch, faults, Long.BYTES)
        .tensor(operands.counts())
        .tensor(operands.fault())
        .scalar(records)
        .scalar(chunks(operands.inner()))
        .enqueue(operands.counts().length() / 4);
  }

  @Override
  public long matrixScratchBytes(long pixels) {
    return Math.max(1, chunks(pixels) * Long.BYTES);
  }

  @Override
  public void matrix(MatrixCountOperands operands, Span scratch) {
    Integer ignoreIndex = operands.ignoreIndex();
    long chunks = chunks(operands.target().length());
    family
        .kernel("confusion_matrix")
        .tensor(operands.predictions())
        .tensor(operands.target())
        .tensor(operands.counts())
        .scratch(scratch, 0, Long.BYTES)
        .scalar(operands.target().length())
        .scalar(operands.inner())
        .scalar(ignoreIndex == null ? 0 : (long) ignoreIndex)
        .scalar(ignoreIndex == null ? 0 : 1)
        .scalar(operands.predictions().dtype().code())
        .scalar(operands.target().dtype().code())
        .scalar(operands.classes())
        .enqueue(chunks);
    family
        .kernel("confusion_fault")
        .scratch(scratch, 0, Long.BYTES)
        .tensor(operands.fault())
        .scalar(chunks)
        .enqueue(1);
  }

  private long chunks(long elements) {
    return family.geometry().chunks(elements);
  }
}
