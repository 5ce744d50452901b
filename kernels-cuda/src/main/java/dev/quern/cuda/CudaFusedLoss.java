package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.f32;
import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.DType;
import dev.quern.cuda.host.Buffer;
import dev.quern.cuda.host.Signature;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossOperands;
import dev.quern.spi.Span;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code segmentation.cu}. Scratch memory: the gradient's coefficients, the chunks' sums,
 * their faults.
 */
final class CudaFusedLoss implements FusedLossPlan {
  /** The entries of {@code segmentation.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "segmentation_sums_u8",
              pointer("logits"),
              pointer("target"),
              pointer("partials"),
              pointer("faults"),
              int64("n"),
              int32("form"),
              int32("overlap"),
              int32("bce"),
              int32("counted"),
              f32("cut"),
              f32("ignored")),
          Signature.of(
              "segmentation_sums_f32",
              pointer("logits"),
              pointer("target"),
              pointer("partials"),
              pointer("faults"),
              int64("n"),
              int32("form"),
              int32("overlap"),
              int32("bce"),
              int32("counted"),
              f32("cut"),
              f32("ignored")),
          Signature.of(
              "segmentation_epilogue",
              pointer("partials"),
              pointer("faults"),
              pointer("terms"),
              pointer("upstream"),
              pointer("value"),
              pointer("coefficients"),
              pointer("counts"),
              pointer("fault"),
              int64("count"),
              int32("term_count"),
              int64("n"),
              int32("form")),
          Signature.of(
              "segmentation_gradient_u8",
              pointer("logits"),
              pointer("target"),
              pointer("coefficients"),
              pointer("gradient"),
              int64("n"),
              int32("form"),
              f32("ignored")),
          Signature.of(
              "segmentation_gradient_f32",
              pointer("logits"),
              pointer("target"),
              pointer("coefficients"),
              pointer("gradient"),
              int64("n"),
              int32("form"),
              f32("ignored")));

  private static final int RECORD_BYTES = 8 * Double.BYTES;

  /** Three floats, and what aligns the sums behind them. */
  private static final int COEFFICIENT_BYTES = 64;

  private final FusedLossSpec spec;
  private final Buffer terms;
  private final FamilyModule module;
  private final String suffix;
  private final int form;
  private final float ignored;

  CudaFusedLoss(FusedLossSpec spec, Buffer terms, FamilyModule module) {
    this.spec = spec;
    this.terms = terms;
    this.module = module;
    this.suffix = spec.targetDtype() == DType.U8 ? "u8" : "f32";
    this.form =
        switch (spec.truePositiveForm()) {
          case MIN -> 0;
          case PRODUCT -> 1;
          case SQUARED -> 2;
        };
    Integer ignoreIndex = spec.ignoreIndex();
    this.ignored = ignoreIndex == null ? Float.NaN : ignoreIndex;
  }

  @Override
  public FusedLossSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    long elements = extent.elements();
    long chunks = LaunchGeometry.chunks(elements);
    return COEFFICIENT_BYTES + chunks * (RECORD_BYTES + Long.BYTES);
  }

  @Override
  public void forward(
      LossOperands operands, Span value, @Nullable Span counts, Span fault, Span scratch) {
    sums(operands.logits(), operands.target(), null, value, counts, fault, scratch);
  }

  @Override
  public void forwardBackward(
      LossOperands operands,
      Span upstream,
      Span value,
      Span gradient,
      @Nullable Span counts,
      Span fault,
      Span scratch) {
    Span logits = operands.logits();
    Span target = operands.target();
    sums(logits, target, upstream, value, counts, fault, scratch);
    module.launch(
        module
            .kernel("segmentation_gradient_" + suffix)
            .tensor(logits)
            .tensor(target)
            .scratch(scratch, 0)
            .tensor(gradient)
            .scalar(logits.length())
            .scalar(form)
            .scalar(ignored),
        LaunchGeometry.tiles(logits.length()));
  }

  @Override
  public void losses(LossOperands operands, Span losses, Span fault, Span scratch) {
    throw new UnsupportedOperationException("This backend has no kernels yet for " + spec + ".");
  }

  private void sums(
      Span logits,
      Span target,
      @Nullable Span upstream,
      Span value,
      @Nullable Span counts,
      Span fault,
      Span scratch) {
    long n = logits.length();
    long chunks = LaunchGeometry.chunks(n);
    long faults = COEFFICIENT_BYTES + chunks * RECORD_BYTES;
    Float cut = spec.countCut();
    module.launch(
        module
            .kernel("segmentation_sums_" + suffix)
            .tensor(logits)
            .tensor(target)
            .scratch(scratch, COEFFICIENT_BYTES)
            .scratch(scratch, faults)
            .scalar(n)
            .scalar(form)
            .scalar(spec.hasOverlap() ? 1 : 0)
            .scalar(spec.hasBce() ? 1 : 0)
            .scalar(cut != null ? 1 : 0)
            .scalar(cut != null ? cut : 0f)
            .scalar(ignored),
        chunks);
    module.launch(
        module
            .kernel("segmentation_epilogue")
            .scratch(scratch, COEFFICIENT_BYTES)
            .scratch(scratch, faults)
            .pointer(terms, 0)
            .tensorOrNull(upstream)
            .tensor(value)
            .scratch(scratch, 0)
            .tensorOrNull(counts)
            .tensor(fault)
            .scalar(chunks)
            .scalar(spec.terms().size())
            .scalar(n)
            .scalar(form),
        1);
  }
}
