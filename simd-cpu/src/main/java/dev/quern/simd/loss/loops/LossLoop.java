package dev.quern.simd.loss.loops;

import java.util.Locale;

/**
 * The loops of the fused losses, by name. A pass is a list of them that one place calls one after
 * the other; it knows many receivers, of which HotSpot inlines none: compiled into one method the
 * loops would take the compiler past the number of nodes up to which it inlines vector operations,
 * and run ten times slower.
 */
public enum LossLoop {
  // ---- between memory and rows ----
  STAGE_TARGETS(LossStaging::elements),
  COUNT_ALL(LossStaging::allCount),
  STAGE_INPUT(LossStaging::inputRow),
  NEUTRALIZE(LossStaging::neutralize),
  STAGE_LABELS(LossStaging::labels),
  CLASS_TARGET(LossStaging::targetRow),
  KEEP_SIDE(LossStaging::storeSide),
  RECALL_SIDE(LossStaging::side),
  ZERO_GRADIENT(LossStaging::zeroGradient),
  STORE_GRADIENT(LossStaging::storeGradient),
  ZERO_DROPPED(LossStaging::zeroDropped),
  STORE_BCE(LossStaging::storeBce),
  STORE_FOCAL(LossStaging::storeFocal),
  STORE_CROSS_ENTROPY(LossStaging::storeCrossEntropy),
  STORE_SOFTMAX_FOCAL(LossStaging::storeSoftmaxFocal),
  SCRATCH_SIDE(LossBlock::useScratchSide),

  COUNT_CONFUSION(LossCounts::count),

  // ---- overlap losses ----
  SIGMOID(OverlapLoops::sigmoid),
  SIDE_OF_PROBABILITY(OverlapLoops::sideOfProbability),
  MIN_SUMS(OverlapLoops::minSums),
  PRODUCT_SUMS(OverlapLoops::productSums),
  SQUARED_SUMS(OverlapLoops::squaredSums),
  OVERLAP_TOTAL(OverlapLoops::addUp),
  MIN_GRADIENT(OverlapLoops::minGradient),
  PRODUCT_GRADIENT(OverlapLoops::productGradient),
  SQUARED_GRADIENT(OverlapLoops::squaredGradient),
  MIN_AND_BCE_GRADIENT(OverlapLoops::minAndBceGradient),
  PRODUCT_AND_BCE_GRADIENT(OverlapLoops::productAndBceGradient),
  MIN_GRADIENT_OF_PROBABILITY(OverlapLoops::minGradientOfProbability),
  PRODUCT_GRADIENT_OF_PROBABILITY(OverlapLoops::productGradientOfProbability),
  SQUARED_GRADIENT_OF_PROBABILITY(OverlapLoops::squaredGradientOfProbability),

  // ---- the binary cross-entropy ----
  PLAIN_BCE_SUMS(BceLoops::plainSums),
  PLAIN_BCE_SUMS_AND_GRADIENT(BceLoops::plainBoth),
  BCE_LOSSES(BceLoops::losses),
  BCE_LOG_P(BceLoops::logsOfProbability),
  BCE_LOG_Q(BceLoops::logsOfRest),
  BCE_LOSSES_OF_PROBABILITY(BceLoops::lossesOfProbability),
  BCE_WEIGHTS(BceLoops::weigh),
  BCE_SUMS(BceLoops::lossSums),
  BCE_TOTAL(BceLoops::addUp),
  BCE_GRADIENT(BceLoops::gradient),
  WEIGHTED_BCE_GRADIENT(BceLoops::weightedGradient),
  BCE_GRADIENT_OF_PROBABILITY(BceLoops::gradientOfProbability),

  // ---- the focal loss of independent classes ----
  ODDS_OF_PROBABILITY(FocalLoops::oddsOfProbability),
  LOGIT_OF_ODDS(FocalLoops::logitOfOdds),
  LOG1P(FocalLoops::log1p),
  FOCAL_HARD(FocalLoops::hard),
  FOCAL_FIND_SOFT(FocalLoops::findSoft),
  FOCAL_SOFT_LOSS(FocalLoops::softLoss),
  FOCAL_SOFT_LINEAR(FocalLoops::softLinear),
  FOCAL_SOFT_HIT(FocalLoops::softHit),
  FOCAL_SOFT_REST(FocalLoops::softRest),
  FOCAL_SOFT_LOG(FocalLoops::softLog),
  FOCAL_WEIGHTS(FocalLoops::weights),
  FOCAL_THRESHOLD(FocalLoops::reduce),
  FOCAL_SUMS(FocalLoops::sums),
  FOCAL_TOTAL(FocalLoops::addUp),
  FOCAL_LOSSES(FocalLoops::losses),
  FOCAL_GRADIENT(FocalLoops::gradient),
  FOCAL_GRADIENT_OF_PROBABILITY(FocalLoops::gradientOfProbability),

  // ---- the same from moderate logits and hard targets in native memory ----
  HARD_FOCAL_SIGMOID(HardFocalLoops::sigmoid),
  HARD_FOCAL_SIGMOID_AND_TARGET(HardFocalLoops::sigmoidAndTarget),
  HARD_FOCAL_WEIGHTS(HardFocalLoops::weights),
  HARD_FOCAL_SUMS_AND_GRADIENT(HardFocalLoops::sumsAndGradient),
  HARD_FOCAL_TOTAL(HardFocalLoops::addUp),

  // ---- first and last loops in native memory ----
  NATIVE_SIGMOID(NativeLossLoops::sigmoid),
  NATIVE_SIGMOID_AND_TARGET(NativeLossLoops::sigmoidAndTarget),
  NATIVE_KEPT_SIGMOID(NativeLossLoops::keptSigmoid),
  NATIVE_KEPT_SIGMOID_AND_TARGET(NativeLossLoops::keptSigmoidAndTarget),
  NATIVE_MIN_GRADIENT(NativeLossLoops::minGradient),
  NATIVE_MIN_AND_BCE_GRADIENT(NativeLossLoops::minAndBceGradient),
  NATIVE_PRODUCT_GRADIENT(NativeLossLoops::productGradient),
  NATIVE_PRODUCT_AND_BCE_GRADIENT(NativeLossLoops::productAndBceGradient),
  NATIVE_BCE_SUMS_AND_GRADIENT(NativeLossLoops::plainBceBoth),

  // ---- classes that exclude one another ----
  START_PIXELS(SoftmaxLoops::start),
  LARGEST_LOGIT(SoftmaxLoops::largest),
  LIKELIEST_CLASS(SoftmaxLoops::likeliest),
  EXPONENTIALS(SoftmaxLoops::exponentials),
  INVERSE_NORM(SoftmaxLoops::inverse),
  LOG_NORM(SoftmaxLoops::logNorm),
  SMALL_LOG_NORM(SoftmaxLoops::smallLogNorm),
  CLASS_SIDE(SoftmaxLoops::side),
  LOG_P(SoftmaxLoops::logs),
  LOG_P_OF_PROBABILITY(SoftmaxLoops::logsOfProbability),
  LOG_Q(SoftmaxLoops::logsOfRest),
  LOG_Q_OF_PROBABILITY(SoftmaxLoops::logsOfRestOfProbability),
  SOFTMAX_FOCAL_WEIGHTS(SoftmaxLoops::weights),
  CROSS_ENTROPY(SoftmaxLoops::crossEntropy),
  CROSS_ENTROPY_SUMS(SoftmaxLoops::crossEntropySums),
  SOFTMAX_FOCAL(SoftmaxLoops::softmaxFocal),
  SOFTMAX_FOCAL_SUMS(SoftmaxLoops::softmaxFocalSums),
  MIN_SLOPE(SoftmaxLoops::minSlope),
  PRODUCT_SLOPE(SoftmaxLoops::productSlope),
  SQUARED_SLOPE(SoftmaxLoops::squaredSlope),
  ANCHOR(SoftmaxLoops::anchor),
  SLOPE_FROM_ANCHOR(SoftmaxLoops::fromAnchor),
  CROSS_ENTROPY_SLOPE(SoftmaxLoops::crossEntropySlope),
  CROSS_ENTROPY_SLOPE_OF_PROBABILITY(SoftmaxLoops::crossEntropySlopeOfProbability),
  SOFTMAX_FOCAL_SLOPE(SoftmaxLoops::softmaxFocalSlope),
  KEEP_SLOPE(SoftmaxLoops::keepSlope),
  ADD_SLOPE(SoftmaxLoops::addSlope),
  SOFTMAX_GRADIENT(SoftmaxLoops::gradient),
  SLOPE_AS_GRADIENT(SoftmaxLoops::gradientOfProbability),

  // ---- the same from labels and moderate logits ----
  START_LABELS(LabelLoops::start),
  NATIVE_LABEL_EXPONENTIALS(LabelLoops::exponentials),
  LABEL_EXPONENTIALS(LabelLoops::stagedExponentials),
  NATIVE_ANCHORED_EXPONENTIALS(LabelLoops::anchoredExponentials),
  ANCHORED_EXPONENTIALS(LabelLoops::stagedAnchoredExponentials),
  LABEL_OTHERS(LabelLoops::others),
  LABEL_NORM(LabelLoops::addUp),
  LABEL_INVERSE_NORM(LabelLoops::inverse),
  LABEL_REST(LabelLoops::rest),
  LABEL_OVERLAP_SUMS(LabelLoops::overlapSums),
  LABEL_WEIGHTS(LabelLoops::labelWeights),
  LABEL_ODDS(LabelLoops::odds),
  LABEL_CROSS_ENTROPY(LabelLoops::crossEntropy),
  SMALL_LABEL_CROSS_ENTROPY(LabelLoops::smallCrossEntropy),
  LABEL_MEAN_SLOPE(LabelLoops::mean),
  LABEL_PULLS(LabelLoops::pulls),
  CROSS_ENTROPY_PULLS(LabelLoops::crossEntropyPulls),
  NATIVE_LABEL_GRADIENT(LabelLoops::gradient),
  LABEL_GRADIENT(LabelLoops::stagedGradient);

  private interface Body {
    void apply(LossBlock block);
  }

  @SuppressWarnings("ImmutableEnumChecker") // a method reference without a receiver
  private final Body body;

  LossLoop(Body body) {
    this.body = body;
  }

  /** Runs the loop. */
  public void apply(LossBlock block) {
    body.apply(block);
  }

  /** The name as words. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
