package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.f32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.DType;
import dev.quern.cuda.host.Signature;
import dev.quern.spi.ConfusionKernels;
import dev.quern.spi.Span;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Launches {@code confusion.cu}. Scratch memory: the chunks' counts, then their faults. */
final class CudaConfusionKernels implements ConfusionKernels {
  /** The entries of {@code confusion.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "confusion_partials_u8",
              pointer("predictions"),
              pointer("target"),
              pointer("partials"),
              pointer("faults"),
              int64("n"),
              f32("cut"),
              f32("ignored")),
          Signature.of(
              "confusion_partials_f32",
              pointer("predictions"),
              pointer("target"),
              pointer("partials"),
              pointer("faults"),
              int64("n"),
              f32("cut"),
              f32("ignored")),
          Signature.of(
              "confusion_total",
              pointer("partials"),
              pointer("faults"),
              pointer("counts"),
              pointer("fault"),
              int64("count")));

  private static final int RECORD_BYTES = 4 * Double.BYTES;

  private final FamilyModule module;

  CudaConfusionKernels(FamilyModule module) {
    this.module = module;
  }

  @Override
  public long scratchBytes(long elements) {
    return Math.max(1, LaunchGeometry.chunks(elements) * (RECORD_BYTES + Long.BYTES));
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
    long chunks = LaunchGeometry.chunks(target.length());
    long faults = chunks * RECORD_BYTES;
    boolean labels = target.dtype() == DType.U8;
    module.launch(
        module
            .kernel(labels ? "confusion_partials_u8" : "confusion_partials_f32")
            .tensor(predictions)
            .tensor(target)
            .scratch(scratch, 0)
            .scratch(scratch, faults)
            .scalar(target.length())
            .scalar(cut)
            .scalar(ignoreIndex == null ? Float.NaN : ignoreIndex.floatValue()),
        chunks);
    module.launch(
        module
            .kernel("confusion_total")
            .scratch(scratch, 0)
            .scratch(scratch, faults)
            .tensor(counts)
            .tensor(fault)
            .scalar(chunks),
        1);
  }
}
