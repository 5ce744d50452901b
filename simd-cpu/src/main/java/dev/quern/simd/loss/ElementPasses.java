package dev.quern.simd.loss;

import dev.quern.simd.loss.loops.LossLoop;
import dev.quern.simd.loss.loops.LossOptions;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;

/** Passes over elements: classes that do not depend on one another, a block of one at a time. */
class ElementPasses extends LayoutPasses {
  ElementPasses(LossOptions options) {
    super(options);
  }

  @Override
  void build(Pass.Builder pass, Purpose purpose) {
    stageTarget(pass, purpose);
    terms(pass, purpose);
  }

  /** Adds what finds out which elements count. */
  void stageTarget(Pass.Builder pass, Purpose purpose) {
    pass.add(LossLoop.STAGE_TARGETS);
  }

  /** Adds what leaves logits, e and side; or probabilities. */
  void stageInput(Pass.Builder pass, Purpose purpose) {
    if (purpose == Purpose.GRADIENT_FROM_SIDE) {
      pass.add(LossLoop.RECALL_SIDE);
    } else {
      pass.add(LossLoop.STAGE_INPUT).addIf(!options.probabilities, LossLoop.SIGMOID);
    }
  }

  /** Adds what writes to memory. */
  void store(Pass.Builder pass, Purpose purpose) {
    pass.addIf(purpose == Purpose.SUMS_KEEPING_SIDE, LossLoop.KEEP_SIDE);
    pass.addIf(purpose.gradient(), LossLoop.STORE_GRADIENT);
  }

  /** Sums and gradient at once of the plain binary cross-entropy. */
  LossLoop plainBceSumsAndGradient() {
    return LossLoop.PLAIN_BCE_SUMS_AND_GRADIENT;
  }

  /** Adds all that follows the staging of targets. */
  final void terms(Pass.Builder pass, Purpose purpose) {
    stageInput(pass, purpose);
    if (purpose.sums()) {
      pass.addIf(options.spec.countCut() != null, LossLoop.COUNT_CONFUSION);
      pass.addIf(options.overlap && options.probabilities, LossLoop.SIDE_OF_PROBABILITY);
      pass.addIf(options.overlap, overlapSums(), LossLoop.OVERLAP_TOTAL);
    }
    if (options.bce) {
      bce(pass, purpose);
    } else if (purpose.gradient()) {
      pass.add(firstGradient());
    }
    if (options.focal) {
      logitOfProbability(pass);
      focal(pass);
      pass.addIf(purpose.sums(), LossLoop.FOCAL_SUMS, LossLoop.FOCAL_TOTAL);
      pass.addIf(purpose.gradient(), focalGradient());
    }
    store(pass, purpose);
    pass.once();
  }

  private void logitOfProbability(Pass.Builder pass) {
    pass.addIf(options.probabilities, LossLoop.ODDS_OF_PROBABILITY, LossLoop.LOGIT_OF_ODDS);
  }

  private void bce(Pass.Builder pass, Purpose purpose) {
    boolean plain = options.plainBce && !options.probabilities;
    if (plain && purpose == Purpose.SUMS_AND_GRADIENT && !options.overlap) {
      pass.add(plainBceSumsAndGradient(), LossLoop.BCE_TOTAL);
      return;
    }
    if (purpose.sums()) {
      if (plain) {
        pass.add(LossLoop.PLAIN_BCE_SUMS);
      } else {
        bceLosses(pass);
        pass.add(LossLoop.BCE_SUMS);
      }
      pass.add(LossLoop.BCE_TOTAL);
    }
    if (!purpose.gradient()) {
      return;
    }
    if (plain && options.overlap && options.form != TruePositiveForm.SQUARED) {
      pass.add(isProduct() ? LossLoop.PRODUCT_AND_BCE_GRADIENT : LossLoop.MIN_AND_BCE_GRADIENT);
      return;
    }
    pass.add(firstGradient());
    if (options.probabilities) {
      pass.add(LossLoop.BCE_GRADIENT_OF_PROBABILITY);
    } else {
      pass.add(options.weighted ? LossLoop.WEIGHTED_BCE_GRADIENT : LossLoop.BCE_GRADIENT);
    }
  }

  private void bceLosses(Pass.Builder pass) {
    if (options.probabilities) {
      pass.add(LossLoop.BCE_LOG_P, LossLoop.BCE_LOG_Q, LossLoop.BCE_LOSSES_OF_PROBABILITY);
    } else {
      pass.add(LossLoop.BCE_LOSSES);
    }
    pass.addIf(options.weighted, LossLoop.BCE_WEIGHTS);
  }

  /** What writes the gradient that other terms add to. */
  private LossLoop firstGradient() {
    if (!options.overlap) {
      return LossLoop.ZERO_GRADIENT;
    }
    if (options.probabilities) {
      return overlapGradientOfProbability();
    }
    if (options.form == TruePositiveForm.SQUARED) {
      return LossLoop.SQUARED_GRADIENT;
    }
    return isProduct() ? LossLoop.PRODUCT_GRADIENT : LossLoop.MIN_GRADIENT;
  }

  @Override
  final Pass ofLosses() {
    Pass.Builder pass = new Pass.Builder();
    pass.add(LossLoop.STAGE_TARGETS, LossLoop.STAGE_INPUT);
    pass.addIf(!options.probabilities, LossLoop.SIGMOID);
    if (options.bce) {
      bceLosses(pass);
      pass.add(LossLoop.STORE_BCE);
    } else {
      logitOfProbability(pass);
      focal(pass);
      pass.add(LossLoop.FOCAL_LOSSES, LossLoop.STORE_FOCAL);
    }
    return pass.once().build();
  }
}
