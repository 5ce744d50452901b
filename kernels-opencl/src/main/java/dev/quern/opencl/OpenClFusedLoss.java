package dev.quern.opencl;

import dev.quern.DType;
import dev.quern.opencl.host.Buffer;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossOperands;
import dev.quern.spi.Span;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code segmentation.cl}. Scratch memory: the gradient's coefficients, the chunks' sums,
 * their faults.
 */
final class OpenClFusedLoss implements FusedLossPlan {
  private static final int RECORD_BYTES = 8 * Double.BYTES;

  /** Three floats, and what aligns the sums behind them. */
  private static final int COEFFICIENT_BYTES = 64;

  private final FusedLossSpec spec;
  private final Buffer terms;
  private final FamilyProgram program;
  private final String suffix;
  private final int form;
  private final float ignored;

  OpenClFusedLoss(FusedLossSpec spec, Buffer terms, FamilyProgram program) {
    this.spec = spec;
    this.terms = terms;
    this.program = program;
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
    long chunks = program.geometry().chunks(elements);
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
    program.launch(
        program
            .kernel("segmentation_gradient_" + suffix)
            .tensor(logits)
            .tensor(target)
            .scratch(scratch, 0, Float.BYTES)
            .tensor(gradient)
            .scalar(logits.length())
            .scalar(form)
            .scalar(ignored),
        program.geometry().tiles(logits.length()));
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
    long chunks = program.geometry().chunks(n);
    long faults = COEFFICIENT_BYTES + chunks * RECORD_BYTES;
    Float cut = spec.countCut();
    program.launch(
        program
            .kernel("segmentation_sums_" + suffix)
            .tensor(logits)
            .tensor(target)
            .scratch(scratch, COEFFICIENT_BYTES, Double.BYTES)
            .scratch(scratch, faults, Long.BYTES)
            .scalar(n)
            .scalar(form)
            .scalar(spec.hasOverlap() ? 1 : 0)
            .scalar(spec.hasBce() ? 1 : 0)
            .scalar(cut != null ? 1 : 0)
            .scalar(cut != null ? cut : 0f)
            .scalar(ignored),
        chunks);
    program.launch(
        program
            .kernel("segmentation_epilogue")
            .scratch(scratch, COEFFICIENT_BYTES, Double.BYTES)
            .scratch(scratch, faults, Long.BYTES)
            .pointer(terms, 0)
            .tensorOrNull(upstream)
            .tensor(value)
            .scratch(scratch, 0, Float.BYTES)
            .tensorOrNull(counts)
            .tensor(fault)
            .scalar(chunks)
            .scalar(spec.terms().size())
            .scalar(n)
            .scalar(form),
        1);
  }
}
