package dev.quern.simd.loss.loops;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossScalars;
import dev.quern.spi.loss.LossTerm;
import java.util.List;

/** What the loops of a fused loss need of its specification. */
public final class LossOptions {
  /** Those of a block without a loss. */
  static final LossOptions NONE =
      new LossOptions(
          FusedLossSpec.binary(
              List.of(new FusedLossSpec.WeightedTerm(new LossTerm.Bce(true), 1)),
              TruePositiveForm.MIN,
              null,
              DType.F32,
              null));

  public final FusedLossSpec spec;
  public final LossScalars scalars;
  final int classes;
  public final boolean elements;
  final boolean oneHot;
  public final boolean probabilities;

  /** Whether every target is 0 or 1, or a label, so that min(p, t) = p t. */
  public final boolean hard;

  /** Whether targets other than labels are faults. */
  final boolean checked;

  /** Labels are below this. */
  final int labels;

  public final boolean overlap;
  public final TruePositiveForm form;

  public final boolean bce;

  /** Whether the binary cross-entropy has neither weights nor smoothing nor factors. */
  public final boolean plainBce;

  /** Whether elements have factors, 0 for those that do not count. */
  public final boolean weighted;

  public final boolean focal;
  public final boolean linear;

  public final boolean crossEntropy;

  /** Whether classes differ in their weight in the cross-entropy. */
  final boolean weighsClasses;

  final float kept;

  public final boolean softmaxFocal;

  public LossOptions(FusedLossSpec spec) {
    this.spec = spec;
    classes = spec.classes();
    elements = spec.layout() == Layout.ELEMENTS;
    oneHot = spec.layout() == Layout.ONE_HOT;
    probabilities = spec.input() == LossInput.PROBABILITIES;
    boolean labelled = spec.layout() == Layout.LABELS;
    checked = labelled || (elements && spec.targetDtype() != DType.F32);
    hard = checked;
    labels = labelled ? classes : 2;
    scalars = LossScalars.of(spec);
    overlap = spec.hasOverlap();
    form = spec.truePositiveForm();
    LossTerm.Bce bceTerm = spec.find(LossTerm.Bce.class);
    bce = bceTerm != null;
    weighted = bceTerm != null && (bceTerm.weighted() || scalars.bceSmoothing() != 0);
    plainBce = bceTerm != null && !weighted && bceTerm.perClass().stream().allMatch(w -> w == 1.0);
    LossTerm.Focal focalTerm = spec.find(LossTerm.Focal.class);
    focal = focalTerm != null;
    linear = focalTerm != null && focalTerm.linear();
    LossTerm.CrossEntropy cross = spec.find(LossTerm.CrossEntropy.class);
    crossEntropy = cross != null;
    kept = 1.0f - scalars.crossEntropySmoothing();
    softmaxFocal = spec.find(LossTerm.SoftmaxFocal.class) != null;
    weighsClasses = cross != null && cross.perClass().stream().anyMatch(w -> w != 1.0);
  }

  /** How many classes a piece has. */
  public int width() {
    return elements ? 1 : classes;
  }

  /** Whether all terms are what {@link LabelLoops} computes. */
  public boolean isOfLabels() {
    return spec.layout() == Layout.LABELS
        && classes > 1
        && !probabilities
        && !focal
        && !softmaxFocal
        && form != TruePositiveForm.SQUARED
        && scalars.crossEntropySpread() == 0;
  }

  /** Whether pass 2 can do with the probabilities that pass 1 left where the gradient goes. */
  public boolean keepsProbabilities() {
    return !probabilities && !focal && !softmaxFocal && !isOfLabels();
  }

  /**
   * Whether the focal loss is alone and {@link HardFocalLoops} may compute it: its divisor is known
   * beforehand, and no weight is limited.
   */
  public boolean isHardFocal() {
    return focal
        && !probabilities
        && !bce
        && !overlap
        && spec.countCut() == null
        && spec.isOnePass()
        && scalars.focalThreshold() == 0
        && scalars.focalGamma() > 0;
  }

  /** The focal weight of an element that does not count: its value is 0 whatever this is. */
  float neutralFocalWeight() {
    return scalars.focalGamma() == 0 || scalars.focalThreshold() > 1 ? 1 : 0;
  }
}
