package dev.quern.simd.loss;

import dev.quern.simd.loss.loops.LossLoop;
import dev.quern.simd.loss.loops.LossOptions;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;

/** Passes over pixels with all their classes, from labels or shares of classes. */
class PixelPasses extends LayoutPasses {
  PixelPasses(LossOptions options) {
    super(options);
  }

  @Override
  void build(Pass.Builder pass, Purpose purpose) {
    pass.add(LossLoop.STAGE_LABELS).once();
    pixels(pass, purpose);
  }

  /** Adds all that follows the staging of labels. */
  final void pixels(Pass.Builder pass, Purpose purpose) {
    boolean recalls = purpose == Purpose.GRADIENT_FROM_SIDE;
    pass.add(LossLoop.START_PIXELS).once();
    softmax(pass, recalls);
    boolean staged = isSoftmax() && !recalls;
    if (purpose.gradient() && isSoftmax() && options.overlap) {
      pass.add(LossLoop.CLASS_TARGET).addIf(staged, LossLoop.CLASS_SIDE);
      pass.add(overlapSlope(), LossLoop.ANCHOR).perClass();
      pass.add(LossLoop.CLASS_TARGET);
    } else {
      pass.add(LossLoop.CLASS_TARGET).addIf(staged, LossLoop.CLASS_SIDE);
    }
    if (purpose.sums()) {
      pass.addIf(options.overlap && options.probabilities, LossLoop.SIDE_OF_PROBABILITY);
      pass.addIf(options.overlap, overlapSums(), LossLoop.OVERLAP_TOTAL);
    }
    logs(pass, purpose.sums());
    if (purpose.sums()) {
      pass.addIf(options.crossEntropy, LossLoop.CROSS_ENTROPY);
      pass.addIf(options.softmaxFocal, LossLoop.SOFTMAX_FOCAL);
    }
    if (purpose.gradient()) {
      slopes(pass);
    }
    pass.addIf(purpose == Purpose.SUMS_KEEPING_SIDE, LossLoop.KEEP_SIDE);
    if (purpose.sums() && options.focal && !purpose.gradient()) {
      pixelFocal(pass);
      pass.add(LossLoop.FOCAL_SUMS, LossLoop.FOCAL_TOTAL);
    }
    pass.perClass();
    if (purpose.sums()) {
      pass.addIf(options.crossEntropy, LossLoop.CROSS_ENTROPY_SUMS);
      pass.addIf(options.softmaxFocal, LossLoop.SOFTMAX_FOCAL_SUMS).once();
    }
    if (purpose.gradient()) {
      gradient(pass, purpose.sums());
    }
  }

  /** The gradient, once the sums over the classes are known. */
  private void gradient(Pass.Builder pass, boolean sums) {
    pass.addIf(options.focal, LossLoop.CLASS_TARGET);
    pass.add(isSoftmax() ? LossLoop.SOFTMAX_GRADIENT : LossLoop.SLOPE_AS_GRADIENT);
    if (options.focal) {
      pixelFocal(pass);
      pass.addIf(sums, LossLoop.FOCAL_SUMS, LossLoop.FOCAL_TOTAL);
      pass.add(focalGradient());
    }
    pass.add(LossLoop.STORE_GRADIENT).perClass();
  }

  /**
   * Whether a term goes through the softmax. Classes that only focal losses see do not depend on
   * one another, not even by a NaN.
   */
  private boolean isSoftmax() {
    boolean coupled = options.overlap || options.crossEntropy || options.softmaxFocal;
    return coupled && !options.probabilities;
  }

  /** The inputs of all classes, or what pass 1 kept of them; the softmax's norm. */
  private void softmax(Pass.Builder pass, boolean recalls) {
    if (recalls) {
      pass.add(LossLoop.RECALL_SIDE, LossLoop.LIKELIEST_CLASS).perClass();
      return;
    }
    if (!isSoftmax()) {
      pass.add(LossLoop.STAGE_INPUT).perClass();
      return;
    }
    pass.add(LossLoop.STAGE_INPUT, LossLoop.LARGEST_LOGIT).perClass();
    pass.add(LossLoop.EXPONENTIALS).perClass();
    boolean logs = options.crossEntropy || options.softmaxFocal;
    pass.add(LossLoop.INVERSE_NORM);
    pass.addIf(logs, LossLoop.LOG_NORM, LossLoop.SMALL_LOG_NORM).once();
  }

  /** ln p and (1 - p)^gamma, where a term needs them. */
  private void logs(Pass.Builder pass, boolean sums) {
    boolean needed = options.softmaxFocal || (options.crossEntropy && sums);
    boolean divisors = options.probabilities && (options.crossEntropy || options.softmaxFocal);
    if (needed || divisors) {
      pass.add(options.probabilities ? LossLoop.LOG_P_OF_PROBABILITY : LossLoop.LOG_P);
    }
    if (options.softmaxFocal) {
      pass.add(
          options.probabilities ? LossLoop.LOG_Q_OF_PROBABILITY : LossLoop.LOG_Q,
          LossLoop.SOFTMAX_FOCAL_WEIGHTS);
    }
  }

  private void slopes(Pass.Builder pass) {
    if (options.overlap) {
      pass.add(options.probabilities ? overlapGradientOfProbability() : overlapSlope());
      pass.addIf(!options.probabilities, LossLoop.SLOPE_FROM_ANCHOR);
    } else {
      pass.add(LossLoop.ZERO_GRADIENT);
    }
    if (options.crossEntropy) {
      pass.add(
          options.probabilities
              ? LossLoop.CROSS_ENTROPY_SLOPE_OF_PROBABILITY
              : LossLoop.CROSS_ENTROPY_SLOPE);
    }
    pass.addIf(options.softmaxFocal, LossLoop.SOFTMAX_FOCAL_SLOPE);
    pass.add(LossLoop.KEEP_SLOPE);
    pass.addIf(isSoftmax(), LossLoop.ADD_SLOPE);
  }

  private LossLoop overlapSlope() {
    if (options.form == TruePositiveForm.SQUARED) {
      return LossLoop.SQUARED_SLOPE;
    }
    return isProduct() ? LossLoop.PRODUCT_SLOPE : LossLoop.MIN_SLOPE;
  }

  /** Each class against the rest, through the sigmoid. */
  private void pixelFocal(Pass.Builder pass) {
    if (options.probabilities) {
      pass.add(LossLoop.ODDS_OF_PROBABILITY, LossLoop.LOGIT_OF_ODDS);
    } else {
      pass.add(LossLoop.SCRATCH_SIDE, LossLoop.SIGMOID);
    }
    focal(pass);
  }

  @Override
  final Pass ofLosses() {
    Pass.Builder pass = new Pass.Builder();
    build(pass, Purpose.SUMS);
    pass.add(options.crossEntropy ? LossLoop.STORE_CROSS_ENTROPY : LossLoop.STORE_SOFTMAX_FOCAL);
    return pass.once().build();
  }
}
