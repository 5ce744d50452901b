package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DType;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A fused loss in two plain loops with double sums. */
final class ReferenceFusedLoss implements FusedLossPlan {
  private final FusedLossSpec spec;
  private final TruePositiveForm form;

  /** The target value that is left out; NaN, which equals nothing, for none. */
  private final float ignored;

  ReferenceFusedLoss(FusedLossSpec spec) {
    this.spec = spec;
    this.form = spec.truePositiveForm();
    Integer ignoreIndex = spec.ignoreIndex();
    this.ignored = ignoreIndex == null ? Float.NaN : ignoreIndex;
  }

  @Override
  public FusedLossSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(long elements) {
    return 1;
  }

  @Override
  public void forward(
      Span logits, Span target, Span value, @Nullable Span counts, Span fault, Span scratch) {
    LossTerms.Coefficients result = sums(logits, target, counts, fault, 0);
    HostBuffer.segment(value).setAtIndex(JAVA_FLOAT, 0, result.value());
  }

  @Override
  public void forwardBackward(
      Span logits,
      Span target,
      Span upstream,
      Span value,
      Span gradient,
      @Nullable Span counts,
      Span fault,
      Span scratch) {
    float factor = HostBuffer.segment(upstream).getAtIndex(JAVA_FLOAT, 0);
    LossTerms.Coefficients result = sums(logits, target, counts, fault, factor);
    gradient(
        HostBuffer.segment(logits),
        HostBuffer.segment(target),
        result,
        HostBuffer.segment(gradient));
    HostBuffer.segment(value).setAtIndex(JAVA_FLOAT, 0, result.value());
  }

  private LossTerms.Coefficients sums(
      Span logits, Span target, @Nullable Span counts, Span fault, float upstream) {
    MemorySegment faultWord = HostBuffer.segment(fault);
    Pass1 pass = new Pass1();
    LossTerms.Coefficients result =
        pass.run(
            HostBuffer.segment(logits),
            HostBuffer.segment(target),
            logits.length(),
            counts == null ? null : HostBuffer.segment(counts),
            upstream);
    faultWord.setAtIndex(JAVA_LONG, 0, Math.min(pass.fault, faultWord.getAtIndex(JAVA_LONG, 0)));
    return result;
  }

  /** The sums over all pixels, and the first faulty target. */
  final class Pass1 {
    long fault = Long.MAX_VALUE;

    LossTerms.Coefficients run(
        MemorySegment logits,
        MemorySegment target,
        long length,
        @Nullable MemorySegment counts,
        float upstream) {
      double truePositives = 0;
      double probabilities = 0;
      double targets = 0;
      double bce = 0;
      Float cut = spec.countCut();
      for (long i = 0; i < length; i++) {
        float t = ReferencePointwiseKernels.element(target, spec.targetDtype(), i);
        if (t == ignored) {
          continue;
        }
        if (isFaulty(t)) {
          fault = Math.min(fault, i);
          continue;
        }
        float x = logits.getAtIndex(JAVA_FLOAT, i);
        float e = FloatMath.expOfMinusAbs(x);
        float p = FloatMath.sigmoidFrom(x, e, 1.0f / (1.0f + e));
        truePositives += LossTerms.truePositive(form, p, t);
        probabilities += LossTerms.overlapMass(form, p);
        targets += LossTerms.overlapMass(form, t);
        bce += LossTerms.bce(x, t, e);
        if (cut != null && counts != null) {
          // a soft target counts as positive from 1/2 on
          int slot = (t >= 0.5f ? 2 : 0) + (x >= cut ? 1 : 0);
          counts.setAtIndex(JAVA_LONG, slot, counts.getAtIndex(JAVA_LONG, slot) + 1);
        }
      }
      LossTerms.Sums sums = new LossTerms.Sums(truePositives, probabilities, targets, bce);
      return LossTerms.epilogue(spec, sums, length, upstream);
    }
  }

  /** Pass 2. */
  void gradient(
      MemorySegment logits,
      MemorySegment target,
      LossTerms.Coefficients coefficients,
      MemorySegment gradient) {
    long length = gradient.byteSize() / JAVA_FLOAT.byteSize();
    for (long i = 0; i < length; i++) {
      float t = ReferencePointwiseKernels.element(target, spec.targetDtype(), i);
      float g =
          t == ignored || isFaulty(t)
              ? 0
              : LossTerms.gradient(form, coefficients, logits.getAtIndex(JAVA_FLOAT, i), t);
      gradient.setAtIndex(JAVA_FLOAT, i, g);
    }
  }

  private boolean isFaulty(float t) {
    return spec.targetDtype() == DType.U8 && t > 1;
  }
}
