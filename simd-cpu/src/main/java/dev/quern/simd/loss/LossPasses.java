package dev.quern.simd.loss;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The steps of every pass of a fused loss, chosen once by its specification. */
final class LossPasses {
  private final LossOptions options;

  /** Value only. */
  final List<LossStep.Phase> sums;

  /** Pass 1 of two; may leave probabilities where the gradient will be. */
  final List<LossStep.Phase> first;

  /** Pass 2. */
  final List<LossStep.Phase> second;

  /** Value and gradient at once, where the divisors are known beforehand. */
  final List<LossStep.Phase> both;

  /** Losses without reduction. */
  final List<LossStep.Phase> losses;

  /** The same passes for blocks of native memory without padding. */
  final @Nullable LossPasses direct;

  private final boolean isDirect;

  LossPasses(LossOptions options) {
    this(options, false);
  }

  private LossPasses(LossOptions options, boolean isDirect) {
    this.options = options;
    this.isDirect = isDirect;
    boolean can = !isDirect && options.elements && !options.probabilities;
    direct = can ? new LossPasses(options, true) : null;
    boolean onePass = options.spec.isOnePass();
    boolean keeps = options.keepsProbabilities();
    sums = options.elements ? elements(true, false, false) : pixels(true, false, false);
    if (onePass) {
      first = List.of();
      second = List.of();
      both = options.elements ? elements(true, true, false) : pixels(true, true, false);
    } else {
      first = options.elements ? elements(true, false, keeps) : pixels(true, false, keeps);
      second = options.elements ? elements(false, true, keeps) : pixels(false, true, keeps);
      both = List.of();
    }
    losses = options.spec.hasLosses() ? losses() : List.of();
  }

  private static final class Steps {
    private final List<LossStep> steps = new ArrayList<>();

    Steps add(LossStep... more) {
      steps.addAll(Arrays.asList(more));
      return this;
    }

    Steps addIf(boolean wanted, LossStep... more) {
      return wanted ? add(more) : this;
    }

    LossStep.Phase once() {
      return new LossStep.Steps(false, List.copyOf(steps));
    }

    LossStep.Phase perClass() {
      return new LossStep.Steps(true, List.copyOf(steps));
    }
  }

  // ---- ELEMENTS ----

  private List<LossStep.Phase> elements(boolean sums, boolean gradient, boolean kept) {
    boolean recall = kept && !sums;
    boolean plain = copiesTarget();
    if (isDirect && recall && directGradient() != null) {
      return List.of(recalled());
    }
    Steps staging = new Steps();
    staging.add(plain && !recall ? LossStaging::allCount : LossStaging::elements);
    if (isDirect && sums && gradient && options.isHardFocal()) {
      return hardFocal(staging, elements(new Steps(), sums, gradient, kept).once());
    }
    return List.of(elements(staging, sums, gradient, kept).once());
  }

  /** The passes of {@link HardFocalLoops}; blocks that they do not compute take the others. */
  private List<LossStep.Phase> hardFocal(Steps staging, LossStep.Phase otherwise) {
    Steps tried =
        new Steps()
            .add(copiesTarget() ? HardFocalLoops::sigmoidAndTarget : HardFocalLoops::sigmoid);
    Steps found =
        new Steps()
            .add(
                FocalLoops::log1p,
                HardFocalLoops::weights,
                HardFocalLoops::sumsAndGradient,
                HardFocalLoops::addUp);
    List<LossStep.Phase> others = List.of(otherwise);
    return List.of(
        staging.once(),
        new LossStep.Either(
            HardFocalLoops::isLikely,
            List.of(
                tried.once(),
                new LossStep.Either(HardFocalLoops::isIt, List.of(found.once()), others)),
            others));
  }

  /** What follows the staging of targets. */
  private Steps elements(Steps steps, boolean sums, boolean gradient, boolean kept) {
    boolean recall = kept && !sums;
    boolean plain = copiesTarget();
    if (recall) {
      steps.add(LossStaging::side);
    } else if (isDirect) {
      steps.add(directSigmoid(kept)).addIf(!plain, LossStaging::neutralize);
    } else {
      steps.add(LossStaging::inputRow).addIf(!options.probabilities, OverlapLoops::sigmoid);
    }
    if (sums) {
      steps.addIf(options.spec.countCut() != null, LossCounts::count);
      steps.addIf(options.overlap && options.probabilities, OverlapLoops::sideOfProbability);
      steps.addIf(options.overlap, overlapSums(), OverlapLoops::addUp);
    }
    if (options.bce) {
      bce(steps, sums, gradient);
    } else if (gradient) {
      steps.add(options.overlap ? overlapGradient() : LossSteps::zeroGradient);
    }
    if (options.focal) {
      steps.addIf(options.probabilities, FocalLoops::oddsOfProbability, FocalLoops::logitOfOdds);
      focal(steps);
      steps.addIf(sums, FocalLoops::sums, FocalLoops::addUp);
      steps.addIf(gradient, focalGradient());
    }
    steps.addIf(kept && sums && !isDirect, LossStaging::storeSide);
    if (gradient) {
      steps.add(writesGradient(sums) ? LossStaging::zeroDropped : LossStaging::storeGradient);
    }
    return steps;
  }

  /** Whether a loop writes the gradient to memory itself. */
  private boolean writesGradient(boolean sums) {
    return isDirect && sums && options.plainBce && !options.overlap && !options.focal;
  }

  /** Whether F32 targets are copied by the loop that computes the sigmoid. */
  private boolean copiesTarget() {
    return isDirect
        && options.spec.targetDtype() == DType.F32
        && options.spec.ignoreIndex() == null
        && !options.weighted;
  }

  private LossStep directSigmoid(boolean kept) {
    if (kept) {
      return copiesTarget() ? NativeLossLoops::keptSigmoidAndTarget : NativeLossLoops::keptSigmoid;
    }
    return copiesTarget() ? NativeLossLoops::sigmoidAndTarget : NativeLossLoops::sigmoid;
  }

  /** Pass 2 where a single loop does it. */
  private LossStep.Phase recalled() {
    boolean product = isProduct();
    return new Steps()
        .add(product ? LossStaging::elements : LossStaging::allCount)
        .add(Objects.requireNonNull(directGradient()))
        .addIf(product, LossStaging::zeroDropped)
        .once();
  }

  private @Nullable LossStep directGradient() {
    boolean both = options.bce && options.plainBce;
    if (options.form == TruePositiveForm.SQUARED || (options.bce && !both)) {
      return null;
    }
    if (isProduct()) {
      return both ? NativeLossLoops::productAndBceGradient : NativeLossLoops::productGradient;
    }
    if (!copiesTarget()) {
      return null;
    }
    return both ? NativeLossLoops::minAndBceGradient : NativeLossLoops::minGradient;
  }

  private void bce(Steps steps, boolean sums, boolean gradient) {
    boolean plain = options.plainBce && !options.probabilities;
    if (plain && sums && gradient && !options.overlap) {
      steps.add(
          isDirect && !options.focal ? NativeLossLoops::plainBceBoth : BceLoops::plainBoth,
          BceLoops::addUp);
      return;
    }
    if (sums) {
      if (plain) {
        steps.add(BceLoops::plainSums);
      } else {
        bceLosses(steps);
        steps.add(BceLoops::lossSums);
      }
      steps.add(BceLoops::addUp);
    }
    if (!gradient) {
      return;
    }
    if (plain && options.overlap && options.form != TruePositiveForm.SQUARED) {
      steps.add(
          isProduct() ? OverlapLoops::productAndBceGradient : OverlapLoops::minAndBceGradient);
      return;
    }
    steps.add(options.overlap ? overlapGradient() : LossSteps::zeroGradient);
    if (options.probabilities) {
      steps.add(BceLoops::gradientOfProbability);
    } else {
      steps.add(options.weighted ? BceLoops::weightedGradient : BceLoops::gradient);
    }
  }

  private void bceLosses(Steps steps) {
    if (options.probabilities) {
      steps.add(BceLoops::logsOfProbability, BceLoops::logsOfRest, BceLoops::lossesOfProbability);
    } else {
      steps.add(BceLoops::losses);
    }
    steps.addIf(options.weighted, BceLoops::weigh);
  }

  private void focal(Steps steps) {
    steps.add(FocalLoops::log1p, FocalLoops::hard);
    if (!options.hard) {
      steps.add(FocalLoops::findSoft, FocalLoops::softLoss);
      if (options.linear) {
        steps.add(FocalLoops::softLinear);
      } else {
        steps.add(FocalLoops::softHit, FocalLoops::softRest);
      }
      steps.add(FocalLoops::softLog);
    }
    steps.add(FocalLoops::weights);
    steps.addIf(options.threshold != 0, FocalLoops::reduce);
  }

  private LossStep focalGradient() {
    return options.probabilities ? FocalLoops::gradientOfProbability : FocalLoops::gradient;
  }

  private boolean isProduct() {
    return options.hard || options.form == TruePositiveForm.PRODUCT;
  }

  private LossStep overlapSums() {
    if (options.form == TruePositiveForm.SQUARED) {
      return OverlapLoops::squaredSums;
    }
    return isProduct() ? OverlapLoops::productSums : OverlapLoops::minSums;
  }

  private LossStep overlapGradient() {
    if (options.probabilities) {
      return overlapGradientOfProbability();
    }
    if (options.form == TruePositiveForm.SQUARED) {
      return OverlapLoops::squaredGradient;
    }
    return isProduct() ? OverlapLoops::productGradient : OverlapLoops::minGradient;
  }

  private LossStep overlapGradientOfProbability() {
    return switch (options.form) {
      case MIN -> OverlapLoops::minGradientOfProbability;
      case PRODUCT -> OverlapLoops::productGradientOfProbability;
      case SQUARED -> OverlapLoops::squaredGradientOfProbability;
    };
  }

  // ---- LABELS and ONE_HOT ----

  private List<LossStep.Phase> pixels(boolean sums, boolean gradient, boolean kept) {
    var phases = new ArrayList<LossStep.Phase>();
    phases.add(new Steps().add(LossStaging::labels).once());
    if (options.isOfLabels()) {
      labels(phases, sums, gradient);
    } else {
      anyPixels(phases, sums, gradient, kept);
    }
    return phases;
  }

  /** The passes of {@link LabelLoops}; blocks that they do not compute take those for any pixel. */
  private void labels(List<LossStep.Phase> phases, boolean sums, boolean gradient) {
    boolean anchored = gradient && options.overlap;
    boolean odds = options.crossEntropy;
    phases.add(new Steps().add(LabelLoops::start).once());
    phases.add(
        anchored
            ? inPlace(LabelLoops::anchoredExponentials, LabelLoops::stagedAnchoredExponentials)
            : inPlace(LabelLoops::exponentials, LabelLoops::stagedExponentials));
    Steps moderate = new Steps();
    moderate
        .addIf(anchored && odds, LabelLoops::others)
        .addIf(!anchored, LabelLoops::addUp)
        .add(LabelLoops::inverse)
        .addIf(sums && options.overlap, LabelLoops::rest, LabelLoops::overlapSums)
        .addIf(odds, LabelLoops::labelWeights, LabelLoops::odds)
        .addIf(
            sums && odds,
            LabelLoops::crossEntropy,
            LabelLoops::smallCrossEntropy,
            SoftmaxLoops::crossEntropySums)
        .addIf(anchored, LabelLoops::mean)
        .addIf(gradient, LabelLoops::pulls)
        .addIf(gradient && odds, LabelLoops::crossEntropyPulls);
    var direct = new ArrayList<LossStep.Phase>();
    direct.add(moderate.once());
    if (gradient) {
      direct.add(inPlace(LabelLoops::gradient, LabelLoops::stagedGradient));
    }
    var otherwise = new ArrayList<LossStep.Phase>();
    anyPixels(otherwise, sums, gradient, false);
    phases.add(
        new LossStep.Either(LabelLoops::isModerate, List.copyOf(direct), List.copyOf(otherwise)));
  }

  /** Loops that work in place where that can be. */
  private static LossStep.Phase inPlace(LossStep direct, LossStep staged) {
    return new LossStep.Either(
        LossChunk::isDirect,
        List.of(new Steps().add(direct).once()),
        List.of(new Steps().add(staged).once()));
  }

  private void anyPixels(
      List<LossStep.Phase> phases, boolean sums, boolean gradient, boolean kept) {
    boolean recall = kept && !sums;
    softmax(phases, recall);

    Steps each = new Steps().add(LossStaging::targetRow);
    boolean softmax = isSoftmax();
    if (gradient && softmax && options.overlap) {
      Steps anchors = new Steps().add(LossStaging::targetRow);
      anchors.addIf(!recall, SoftmaxLoops::side);
      phases.add(anchors.add(overlapSlope(), SoftmaxLoops::anchor).perClass());
    } else {
      each.addIf(softmax && !recall, SoftmaxLoops::side);
    }
    if (sums) {
      each.addIf(options.overlap && options.probabilities, OverlapLoops::sideOfProbability);
      each.addIf(options.overlap, overlapSums(), OverlapLoops::addUp);
    }
    logs(each, sums);
    if (sums) {
      each.addIf(options.crossEntropy, SoftmaxLoops::crossEntropy);
      each.addIf(options.softmaxFocal, SoftmaxLoops::softmaxFocal);
    }
    if (gradient) {
      slopes(each);
    }
    each.addIf(kept && sums, LossStaging::storeSide);
    if (sums && options.focal && !gradient) {
      pixelFocal(each);
      each.add(FocalLoops::sums, FocalLoops::addUp);
    }
    phases.add(each.perClass());
    if (sums) {
      phases.add(
          new Steps()
              .addIf(options.crossEntropy, SoftmaxLoops::crossEntropySums)
              .addIf(options.softmaxFocal, SoftmaxLoops::softmaxFocalSums)
              .once());
    }
    if (gradient) {
      Steps last = new Steps();
      last.addIf(options.focal, LossStaging::targetRow);
      last.add(isSoftmax() ? SoftmaxLoops::gradient : SoftmaxLoops::gradientOfProbability);
      if (options.focal) {
        pixelFocal(last);
        last.addIf(sums, FocalLoops::sums, FocalLoops::addUp);
        last.add(focalGradient());
      }
      phases.add(last.add(LossStaging::storeGradient).perClass());
    }
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
  private void softmax(List<LossStep.Phase> phases, boolean recall) {
    if (recall) {
      phases.add(new Steps().add(LossStaging::side, SoftmaxLoops::likeliest).perClass());
      return;
    }
    if (!isSoftmax()) {
      phases.add(new Steps().add(LossStaging::inputRow).perClass());
      return;
    }
    phases.add(new Steps().add(LossStaging::inputRow, SoftmaxLoops::largest).perClass());
    phases.add(new Steps().add(SoftmaxLoops::exponentials).perClass());
    phases.add(
        new Steps()
            .add(SoftmaxLoops::inverse)
            .addIf(
                options.crossEntropy || options.softmaxFocal,
                SoftmaxLoops::logNorm,
                SoftmaxLoops::smallLogNorm)
            .once());
  }

  /** ln p and (1 - p)^gamma, where a term needs them. */
  private void logs(Steps each, boolean sums) {
    boolean needed = options.softmaxFocal || (options.crossEntropy && sums);
    boolean divisors = options.probabilities && (options.crossEntropy || options.softmaxFocal);
    if (needed || divisors) {
      each.add(options.probabilities ? SoftmaxLoops::logsOfProbability : SoftmaxLoops::logs);
    }
    if (options.softmaxFocal) {
      each.add(
          options.probabilities ? SoftmaxLoops::logsOfRestOfProbability : SoftmaxLoops::logsOfRest,
          SoftmaxLoops::weights);
    }
  }

  private void slopes(Steps each) {
    if (options.overlap) {
      each.add(options.probabilities ? overlapGradientOfProbability() : overlapSlope());
      each.addIf(!options.probabilities, SoftmaxLoops::fromAnchor);
    } else {
      each.add(LossSteps::zeroGradient);
    }
    if (options.crossEntropy) {
      each.add(
          options.probabilities
              ? SoftmaxLoops::crossEntropySlopeOfProbability
              : SoftmaxLoops::crossEntropySlope);
    }
    each.addIf(options.softmaxFocal, SoftmaxLoops::softmaxFocalSlope);
    each.add(SoftmaxLoops::keepSlope);
    each.addIf(isSoftmax(), SoftmaxLoops::addSlope);
  }

  private LossStep overlapSlope() {
    if (options.form == TruePositiveForm.SQUARED) {
      return SoftmaxLoops::squaredSlope;
    }
    return isProduct() ? SoftmaxLoops::productSlope : SoftmaxLoops::minSlope;
  }

  /** Each class against the rest, through the sigmoid. */
  private void pixelFocal(Steps steps) {
    if (options.probabilities) {
      steps.add(FocalLoops::oddsOfProbability, FocalLoops::logitOfOdds);
    } else {
      steps.add(LossChunk::useScratch, OverlapLoops::sigmoid);
    }
    focal(steps);
  }

  // ---- without reduction ----

  private List<LossStep.Phase> losses() {
    if (!options.elements) {
      var phases = new ArrayList<>(pixels(true, false, false));
      phases.add(
          new Steps()
              .add(
                  options.crossEntropy
                      ? LossSteps::storeCrossEntropy
                      : LossSteps::storeSoftmaxFocal)
              .once());
      return phases;
    }
    Steps steps = new Steps().add(LossStaging::elements, LossStaging::inputRow);
    if (options.bce) {
      steps.addIf(!options.probabilities, OverlapLoops::sigmoid);
      bceLosses(steps);
    } else {
      if (options.probabilities) {
        steps.add(FocalLoops::oddsOfProbability, FocalLoops::logitOfOdds);
      } else {
        steps.add(OverlapLoops::sigmoid);
      }
      focal(steps);
      steps.add(FocalLoops::losses);
    }
    return List.of(steps.add(LossSteps::storeElementLosses).once());
  }
}
