package dev.quern.simd.loss;

import dev.quern.simd.loss.loops.LossLoop;
import dev.quern.simd.loss.loops.LossOptions;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;

/** How the passes of one layout are made, and the choices that layouts share. */
abstract class LayoutPasses {
  final LossOptions options;

  LayoutPasses(LossOptions options) {
    this.options = options;
  }

  /** Adds what a pass does. */
  abstract void build(Pass.Builder pass, Purpose purpose);

  /** Returns the pass that leaves losses without reduction. */
  abstract Pass ofLosses();

  final Pass of(Purpose purpose) {
    Pass.Builder pass = new Pass.Builder();
    build(pass, purpose);
    return pass.build();
  }

  /** Whether min(p, t) = p t, or the form is that product. */
  final boolean isProduct() {
    return options.hard || options.form == TruePositiveForm.PRODUCT;
  }

  final LossLoop overlapSums() {
    if (options.form == TruePositiveForm.SQUARED) {
      return LossLoop.SQUARED_SUMS;
    }
    return isProduct() ? LossLoop.PRODUCT_SUMS : LossLoop.MIN_SUMS;
  }

  final LossLoop overlapGradientOfProbability() {
    return switch (options.form) {
      case MIN -> LossLoop.MIN_GRADIENT_OF_PROBABILITY;
      case PRODUCT -> LossLoop.PRODUCT_GRADIENT_OF_PROBABILITY;
      case SQUARED -> LossLoop.SQUARED_GRADIENT_OF_PROBABILITY;
    };
  }

  /** Loss, slopes and weight of every element's focal loss, from e, side and logit. */
  final void focal(Pass.Builder pass) {
    pass.add(LossLoop.LOG1P, LossLoop.FOCAL_HARD);
    if (!options.hard) {
      pass.add(LossLoop.FOCAL_FIND_SOFT, LossLoop.FOCAL_SOFT_LOSS);
      if (options.linear) {
        pass.add(LossLoop.FOCAL_SOFT_LINEAR);
      } else {
        pass.add(LossLoop.FOCAL_SOFT_HIT, LossLoop.FOCAL_SOFT_REST);
      }
      pass.add(LossLoop.FOCAL_SOFT_LOG);
    }
    pass.add(LossLoop.FOCAL_WEIGHTS);
    pass.addIf(options.scalars.focalThreshold() != 0, LossLoop.FOCAL_THRESHOLD);
  }

  final LossLoop focalGradient() {
    return options.probabilities ? LossLoop.FOCAL_GRADIENT_OF_PROBABILITY : LossLoop.FOCAL_GRADIENT;
  }
}
