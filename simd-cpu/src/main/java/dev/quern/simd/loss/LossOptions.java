package dev.quern.simd.loss;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossScalars;
import dev.quern.spi.loss.LossTerm;
import java.util.List;

/** What the loops of a fused loss need of its specification. */
final class LossOptions {
  /** Those of a chunk without a loss. */
  static final LossOptions NONE =
      new LossOptions(
          FusedLossSpec.binary(
              List.of(new FusedLossSpec.WeightedTerm(new LossTerm.Bce(true), 1)),
              TruePositiveForm.MIN,
              null,
              DType.F32,
              null));

  final FusedLossSpec spec;
  final int classes;
  final boolean elements;
  final boolean oneHot;
  final boolean probabilities;

  /** Whether every target is 0 or 1, or a label, so that min(p, t) = p t. */
  final boolean hard;

  /** Whether targets other than labels are faults. */
  final boolean checked;

  /** Labels are below this. */
  final int labels;

  /** The target value that is left out, NaN for none. */
  final float ignored;

  final boolean overlap;
  final TruePositiveForm form;

  final boolean bce;

  /** Whether the binary cross-entropy has neither weights nor smoothing nor factors. */
  final boolean plainBce;

  /** Whether elements have factors, 0 for those that do not count. */
  final boolean weighted;

  final float smoothing;

  final boolean focal;
  final boolean linear;
  final float gamma;
  final float positive;
  final float negative;
  final float threshold;
  final float logThreshold;

  final boolean crossEntropy;

  /** Whether classes differ in their weight in the cross-entropy. */
  final boolean weighsClasses;

  final float kept;
  final float spread;

  final boolean softmaxFocal;
  final float softmaxGamma;

  /** Per class: of the positive part of the binary cross-entropy. */
  final float[] bcePositive;

  final float[] crossEntropyFactors;
  final float[] softmaxFocalFactors;

  LossOptions(FusedLossSpec spec) {
    this.spec = spec;
    classes = spec.classes();
    elements = spec.layout() == Layout.ELEMENTS;
    oneHot = spec.layout() == Layout.ONE_HOT;
    probabilities = spec.input() == LossInput.PROBABILITIES;
    boolean labelled = spec.layout() == Layout.LABELS;
    checked = labelled || (elements && spec.targetDtype() != DType.F32);
    hard = checked;
    labels = labelled ? classes : 2;
    LossScalars scalars = LossScalars.of(spec);
    ignored = scalars.ignored();
    overlap = spec.hasOverlap();
    form = spec.truePositiveForm();
    LossTerm.Bce bceTerm = spec.find(LossTerm.Bce.class);
    bce = bceTerm != null;
    smoothing = scalars.bceSmoothing();
    weighted = bceTerm != null && (bceTerm.weighted() || smoothing != 0);
    plainBce = bceTerm != null && !weighted && bceTerm.perClass().stream().allMatch(w -> w == 1.0);
    LossTerm.Focal focalTerm = spec.find(LossTerm.Focal.class);
    focal = focalTerm != null;
    linear = focalTerm != null && focalTerm.linear();
    gamma = scalars.focalGamma();
    positive = scalars.focalPositive();
    negative = scalars.focalNegative();
    threshold = scalars.focalThreshold();
    logThreshold = scalars.focalLogThreshold();
    LossTerm.CrossEntropy cross = spec.find(LossTerm.CrossEntropy.class);
    crossEntropy = cross != null;
    kept = 1.0f - scalars.crossEntropySmoothing();
    spread = scalars.crossEntropySpread();
    softmaxFocal = spec.find(LossTerm.SoftmaxFocal.class) != null;
    softmaxGamma = scalars.softmaxFocalGamma();
    bcePositive = scalars.bcePositive();
    crossEntropyFactors = scalars.crossEntropy();
    softmaxFocalFactors = scalars.softmaxFocal();
    weighsClasses = cross != null && cross.perClass().stream().anyMatch(w -> w != 1.0);
  }

  /** Whether all terms are what {@link LabelLoops} computes. */
  boolean isOfLabels() {
    return spec.layout() == Layout.LABELS
        && classes > 1
        && !probabilities
        && !focal
        && !softmaxFocal
        && form != TruePositiveForm.SQUARED
        && spread == 0;
  }

  /** Whether pass 2 can do with the probabilities that pass 1 left where the gradient goes. */
  boolean keepsProbabilities() {
    return !probabilities && !focal && !softmaxFocal && !isOfLabels();
  }

  /**
   * Whether the focal loss is alone and {@link HardFocalLoops} may compute it: its divisor is known
   * beforehand, and no weight is limited.
   */
  boolean isHardFocal() {
    return focal
        && !probabilities
        && !bce
        && !overlap
        && spec.countCut() == null
        && spec.isOnePass()
        && threshold == 0
        && gamma > 0;
  }

  /** The focal weight of an element that does not count: its value is 0 whatever this is. */
  float neutralFocalWeight() {
    return gamma == 0 || threshold > 1 ? 1 : 0;
  }
}
