package dev.quern.simd.loss;

import dev.quern.DType;
import dev.quern.simd.loss.loops.BlockTest;
import dev.quern.simd.loss.loops.LossLoop;
import dev.quern.simd.loss.loops.LossOptions;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import org.jspecify.annotations.Nullable;

/**
 * Passes over elements, from logits, in blocks of native memory that need no padding: first and
 * last loops read and write it themselves.
 */
final class NativePasses extends ElementPasses {
  NativePasses(LossOptions options) {
    super(options);
  }

  @Override
  void build(Pass.Builder pass, Purpose purpose) {
    LossLoop whole = purpose == Purpose.GRADIENT_FROM_SIDE ? wholeGradient() : null;
    if (whole != null) {
      boolean product = isProduct();
      pass.add(product ? LossLoop.STAGE_TARGETS : LossLoop.COUNT_ALL, whole);
      pass.addIf(product, LossLoop.ZERO_DROPPED).once();
    } else if (purpose == Purpose.SUMS_AND_GRADIENT && options.isHardFocal()) {
      hardFocal(pass);
    } else {
      super.build(pass, purpose);
    }
  }

  /** Blocks that are not what the loops for hard targets compute take the others. */
  private void hardFocal(Pass.Builder pass) {
    stageTarget(pass, Purpose.SUMS_AND_GRADIENT);
    Pass.Builder others = new Pass.Builder();
    terms(others, Purpose.SUMS_AND_GRADIENT);
    Pass.Builder hard =
        new Pass.Builder()
            .add(
                LossLoop.LOG1P,
                LossLoop.HARD_FOCAL_WEIGHTS,
                LossLoop.HARD_FOCAL_SUMS_AND_GRADIENT,
                LossLoop.HARD_FOCAL_TOTAL)
            .once();
    Pass.Builder tried =
        new Pass.Builder()
            .add(
                copiesTarget()
                    ? LossLoop.HARD_FOCAL_SIGMOID_AND_TARGET
                    : LossLoop.HARD_FOCAL_SIGMOID)
            .once()
            .either(BlockTest.HARD, hard, others);
    pass.once().either(BlockTest.MAYBE_HARD, tried, others);
  }

  @Override
  void stageTarget(Pass.Builder pass, Purpose purpose) {
    boolean later = copiesTarget() && purpose != Purpose.GRADIENT_FROM_SIDE;
    pass.add(later ? LossLoop.COUNT_ALL : LossLoop.STAGE_TARGETS);
  }

  @Override
  void stageInput(Pass.Builder pass, Purpose purpose) {
    if (purpose == Purpose.GRADIENT_FROM_SIDE) {
      pass.add(LossLoop.RECALL_SIDE);
    } else {
      pass.add(sigmoid(purpose == Purpose.SUMS_KEEPING_SIDE));
      pass.addIf(!copiesTarget(), LossLoop.NEUTRALIZE);
    }
  }

  private LossLoop sigmoid(boolean keepsSide) {
    if (keepsSide) {
      return copiesTarget()
          ? LossLoop.NATIVE_KEPT_SIGMOID_AND_TARGET
          : LossLoop.NATIVE_KEPT_SIGMOID;
    }
    return copiesTarget() ? LossLoop.NATIVE_SIGMOID_AND_TARGET : LossLoop.NATIVE_SIGMOID;
  }

  /** Whether F32 targets are copied by the loop that computes the sigmoid. */
  private boolean copiesTarget() {
    return options.spec.targetDtype() == DType.F32
        && options.spec.ignoreIndex() == null
        && !options.weighted;
  }

  @Override
  LossLoop plainBceSumsAndGradient() {
    return options.focal
        ? LossLoop.PLAIN_BCE_SUMS_AND_GRADIENT
        : LossLoop.NATIVE_BCE_SUMS_AND_GRADIENT;
  }

  /** The loop that does all of pass 2, null if there is none. */
  private @Nullable LossLoop wholeGradient() {
    boolean withBce = options.bce && options.plainBce;
    if (options.form == TruePositiveForm.SQUARED || (options.bce && !withBce)) {
      return null;
    }
    if (isProduct()) {
      return withBce ? LossLoop.NATIVE_PRODUCT_AND_BCE_GRADIENT : LossLoop.NATIVE_PRODUCT_GRADIENT;
    }
    if (!copiesTarget()) {
      return null;
    }
    return withBce ? LossLoop.NATIVE_MIN_AND_BCE_GRADIENT : LossLoop.NATIVE_MIN_GRADIENT;
  }

  @Override
  void store(Pass.Builder pass, Purpose purpose) {
    boolean written =
        purpose == Purpose.SUMS_AND_GRADIENT
            && options.plainBce
            && !options.overlap
            && !options.focal;
    pass.addIf(purpose.gradient(), written ? LossLoop.ZERO_DROPPED : LossLoop.STORE_GRADIENT);
  }
}
