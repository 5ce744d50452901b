package dev.quern.simd.loss;

import dev.quern.simd.loss.loops.BlockTest;
import dev.quern.simd.loss.loops.LossLoop;
import dev.quern.simd.loss.loops.LossOptions;

/**
 * Passes over pixels whose labels exclude one another, with half the operations where logits are
 * moderate; other blocks take the passes for any pixel.
 */
final class LabelPasses extends PixelPasses {
  LabelPasses(LossOptions options) {
    super(options);
  }

  @Override
  void build(Pass.Builder pass, Purpose purpose) {
    boolean gradient = purpose.gradient();
    boolean anchored = gradient && options.overlap;
    pass.add(LossLoop.STAGE_LABELS, LossLoop.START_LABELS).once();
    if (anchored) {
      pass.inPlace(LossLoop.NATIVE_ANCHORED_EXPONENTIALS, LossLoop.ANCHORED_EXPONENTIALS);
    } else {
      pass.inPlace(LossLoop.NATIVE_LABEL_EXPONENTIALS, LossLoop.LABEL_EXPONENTIALS);
    }
    Pass.Builder moderate = new Pass.Builder();
    moderate(moderate, purpose, anchored);
    if (gradient) {
      moderate.inPlace(LossLoop.NATIVE_LABEL_GRADIENT, LossLoop.LABEL_GRADIENT);
    }
    Pass.Builder others = new Pass.Builder();
    pixels(others, purpose);
    pass.either(BlockTest.MODERATE, moderate, others);
  }

  /** All from the exponentials to the gradient. */
  private void moderate(Pass.Builder pass, Purpose purpose, boolean anchored) {
    boolean sums = purpose.sums();
    boolean odds = options.crossEntropy;
    pass.addIf(anchored && odds, LossLoop.LABEL_OTHERS)
        .addIf(!anchored, LossLoop.LABEL_NORM)
        .add(LossLoop.LABEL_INVERSE_NORM)
        .addIf(sums && options.overlap, LossLoop.LABEL_REST, LossLoop.LABEL_OVERLAP_SUMS)
        .addIf(odds, LossLoop.LABEL_WEIGHTS, LossLoop.LABEL_ODDS)
        .addIf(
            sums && odds,
            LossLoop.LABEL_CROSS_ENTROPY,
            LossLoop.SMALL_LABEL_CROSS_ENTROPY,
            LossLoop.CROSS_ENTROPY_SUMS)
        .addIf(anchored, LossLoop.LABEL_MEAN_SLOPE)
        .addIf(purpose.gradient(), LossLoop.LABEL_PULLS)
        .addIf(purpose.gradient() && odds, LossLoop.CROSS_ENTROPY_PULLS)
        .once();
  }
}
