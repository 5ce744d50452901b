package dev.quern.spi.loss;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The f32 numbers of a fused loss that every backend's passes read, derived from the specification
 * once, in f64 where there is arithmetic. Those of a term that is not there are neutral.
 *
 * @param ignored the target value that is left out, NaN for none
 * @param cut the logit or probability above which an element counts as positive, 0 without counts
 * @param bceSmoothing label smoothing of the binary cross-entropy
 * @param focalGamma exponent of the focal loss
 * @param focalPositive its factor of positive targets
 * @param focalNegative its factor of negative targets
 * @param focalThreshold below it the weight is 1, 0 for none
 * @param focalLogThreshold the logarithm of that, 0 for none
 * @param crossEntropySmoothing label smoothing of the cross-entropy
 * @param crossEntropySpread what of it falls to each class
 * @param softmaxFocalGamma exponent of the focal loss through the softmax
 * @param bcePositive per class: the factor of the positive part of the binary cross-entropy
 * @param crossEntropy per class: the weight in the cross-entropy
 * @param softmaxFocal per class: the weight in the focal loss through the softmax
 */
@SuppressWarnings("ArrayRecordComponent") // read by inner loops; never compared
public record LossScalars(
    float ignored,
    float cut,
    float bceSmoothing,
    float focalGamma,
    float focalPositive,
    float focalNegative,
    float focalThreshold,
    float focalLogThreshold,
    float crossEntropySmoothing,
    float crossEntropySpread,
    float softmaxFocalGamma,
    float[] bcePositive,
    float[] crossEntropy,
    float[] softmaxFocal) {

  private static final LossTerm.Bce NO_BCE = new LossTerm.Bce(true);
  private static final LossTerm.Focal NO_FOCAL =
      new LossTerm.Focal(false, 0, 1, 1, 0, false, false, List.of());
  private static final LossTerm.CrossEntropy NO_CROSS_ENTROPY =
      new LossTerm.CrossEntropy(false, 0, List.of());
  private static final LossTerm.SoftmaxFocal NO_SOFTMAX_FOCAL =
      new LossTerm.SoftmaxFocal(false, 0, List.of());

  /**
   * Derives the numbers of a loss.
   *
   * @param spec the loss
   * @return its numbers
   */
  public static LossScalars of(FusedLossSpec spec) {
    Integer ignoreIndex = spec.ignoreIndex();
    Float cut = spec.countCut();
    LossTerm.Bce bce = orElse(spec.find(LossTerm.Bce.class), NO_BCE);
    LossTerm.Focal focal = orElse(spec.find(LossTerm.Focal.class), NO_FOCAL);
    LossTerm.CrossEntropy cross = orElse(spec.find(LossTerm.CrossEntropy.class), NO_CROSS_ENTROPY);
    LossTerm.SoftmaxFocal soft = orElse(spec.find(LossTerm.SoftmaxFocal.class), NO_SOFTMAX_FOCAL);
    double threshold = focal.reducedThreshold();
    return new LossScalars(
        ignoreIndex == null ? Float.NaN : ignoreIndex,
        cut == null ? 0 : cut,
        (float) bce.smoothing(),
        (float) focal.gamma(),
        (float) focal.positive(),
        (float) focal.negative(),
        (float) threshold,
        threshold == 0 ? 0 : (float) Math.log(threshold),
        (float) cross.smoothing(),
        (float) (cross.smoothing() / spec.classes()),
        (float) soft.gamma(),
        perClass(bce, spec.classes()),
        perClass(cross, spec.classes()),
        perClass(soft, spec.classes()));
  }

  private static <T extends LossTerm> T orElse(@Nullable T term, T neutral) {
    return term == null ? neutral : term;
  }

  private static float[] perClass(LossTerm term, int classes) {
    float[] factors = new float[classes];
    for (int c = 0; c < classes; c++) {
      factors[c] = term.perClass().isEmpty() ? 1 : term.perClass().get(c).floatValue();
    }
    return factors;
  }
}
