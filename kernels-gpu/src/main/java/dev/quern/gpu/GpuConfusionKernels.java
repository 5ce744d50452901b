package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.Span;
import dev.quern.spi.metric.ConfusionKernels;
import org.jspecify.annotations.Nullable;

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
    family
        .kernel("confusion_partials")
        .tensor(predictions)
        .tensor(target)
        .scratch(scratch, 0, Double.BYTES)
        .scratch(scratch, faults, Long.BYTES)
        .scalar(inner)
        .scalar(ignoreIndex == null ? 0 : (long) ignoreIndex)
        .scalar(ignoreIndex == null ? 0 : 1)
        .scalar(target.dtype().code())
        .scalar(cut)
        .enqueue(records);
    family
        .kernel("confusion_total")
        .scratch(scratch, 0, Double.BYTES)
        .scratch(scratch, faults, Long.BYTES)
        .tensor(counts)
        .tensor(fault)
        .scalar(records)
        .scalar(chunks(inner))
        .enqueue(counts.length() / 4);
  }

  @Override
  public long matrixScratchBytes(long pixels) {
    return Math.max(1, chunks(pixels) * Long.BYTES);
  }

  @Override
  public void matrix(
      Span predictions,
      Span target,
      @Nullable Integer ignoreIndex,
      int classes,
      long inner,
      Span counts,
      Span fault,
      Span scratch) {
    long chunks = chunks(target.length());
    family
        .kernel("confusion_matrix")
        .tensor(predictions)
        .tensor(target)
        .tensor(counts)
        .scratch(scratch, 0, Long.BYTES)
        .scalar(target.length())
        .scalar(inner)
        .scalar(ignoreIndex == null ? 0 : (long) ignoreIndex)
        .scalar(ignoreIndex == null ? 0 : 1)
        .scalar(predictions.dtype().code())
        .scalar(target.dtype().code())
        .scalar(classes)
        .enqueue(chunks);
    family
        .kernel("confusion_fault")
        .scratch(scratch, 0, Long.BYTES)
        .tensor(fault)
        .scalar(chunks)
        .enqueue(1);
  }

  private long chunks(long elements) {
    return family.geometry().chunks(elements);
  }
}
