package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.f32;
import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Signature;
import dev.quern.spi.Span;
import dev.quern.spi.metric.ConfusionKernels;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code confusion.cu}. Scratch memory: of counts the chunks' records, then their faults;
 * of a matrix the faults alone.
 */
final class CudaConfusionKernels implements ConfusionKernels {
  /** The entries of {@code confusion.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "confusion_partials",
              pointer("predictions"),
              pointer("target"),
              pointer("partials"),
              pointer("faults"),
              int64("inner"),
              int64("ignored"),
              int32("ignores"),
              int32("target_dtype"),
              f32("cut")),
          Signature.of(
              "confusion_total",
              pointer("partials"),
              pointer("faults"),
              pointer("counts"),
              pointer("fault"),
              int64("count"),
              int64("chunks")),
          Signature.of(
              "confusion_matrix",
              pointer("predictions"),
              pointer("target"),
              pointer("counts"),
              pointer("faults"),
              int64("n"),
              int64("inner"),
              int64("ignored"),
              int32("ignores"),
              int32("predictions_dtype"),
              int32("target_dtype"),
              int32("classes")),
          Signature.of("confusion_fault", pointer("faults"), pointer("fault"), int64("count")));

  private static final int RECORD_BYTES = 4 * Double.BYTES;

  private final FamilyModule module;

  CudaConfusionKernels(FamilyModule module) {
    this.module = module;
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
    module.launch(
        module
            .kernel("confusion_partials")
            .tensor(predictions)
            .tensor(target)
            .scratch(scratch, 0)
            .scratch(scratch, faults)
            .scalar(inner)
            .scalar(ignoreIndex == null ? 0 : (long) ignoreIndex)
            .scalar(ignoreIndex == null ? 0 : 1)
            .scalar(target.dtype().code())
            .scalar(cut),
        records);
    module.launch(
        module
            .kernel("confusion_total")
            .scratch(scratch, 0)
            .scratch(scratch, faults)
            .tensor(counts)
            .tensor(fault)
            .scalar(records)
            .scalar(chunks(inner)),
        counts.length() / 4);
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
    module.launch(
        module
            .kernel("confusion_matrix")
            .tensor(predictions)
            .tensor(target)
            .tensor(counts)
            .scratch(scratch, 0)
            .scalar(target.length())
            .scalar(inner)
            .scalar(ignoreIndex == null ? 0 : (long) ignoreIndex)
            .scalar(ignoreIndex == null ? 0 : 1)
            .scalar(predictions.dtype().code())
            .scalar(target.dtype().code())
            .scalar(classes),
        chunks);
    module.launch(
        module.kernel("confusion_fault").scratch(scratch, 0).tensor(fault).scalar(chunks), 1);
  }

  private static long chunks(long elements) {
    return LaunchGeometry.chunks(elements);
  }
}
