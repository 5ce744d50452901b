package dev.quern.loss;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.FaultWord;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.metric.BinaryConfusion;
import dev.quern.op.TensorType;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.loss.SegmentationKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Losses that share the two passes over logits and target.
 *
 * @param setting what they have in common
 * @param summands the losses
 * @param elementWeights factors of the elements of the binary cross-entropy, or null
 * @param isReduced whether the value is one number
 */
record FusedPart(
    LossSetting setting, List<Summand> summands, @Nullable Tensor elementWeights, boolean isReduced)
    implements LossPart {

  /**
   * A loss and what it weighs.
   *
   * @param term the loss, given the number of classes
   * @param weight its factor
   */
  record Summand(IntFunction<LossTerm> term, double weight) {}

  static FusedPart of(
      LossSetting setting,
      IntFunction<LossTerm> term,
      @Nullable Tensor elementWeights,
      boolean isReduced) {
    return new FusedPart(setting, List.of(new Summand(term, 1)), elementWeights, isReduced);
  }

  /** The weights are the summands'. */
  @Override
  public double weight() {
    return 1;
  }

  @Override
  public FusedPart times(double factor) {
    List<Summand> weighed =
        summands.stream().map(s -> new Summand(s.term, s.weight * factor)).toList();
    return new FusedPart(setting, weighed, elementWeights, isReduced);
  }

  FusedPart plus(FusedPart other) {
    if (elementWeights != null
        && other.elementWeights != null
        && elementWeights != other.elementWeights) {
      throw new IllegalArgumentException(
          "A sum has one tensor of element weights, but two of its losses differ in theirs.");
    }
    List<Summand> all = new ArrayList<>(summands);
    all.addAll(other.summands);
    return new FusedPart(
        setting.and(other.setting),
        all,
        elementWeights == null ? other.elementWeights : elementWeights,
        isReduced && other.isReduced);
  }

  @Override
  public Tensor forward(Tensor logits, Tensor target) {
    LossShape shape = fitting(logits, target);
    FusedLossPlan plan = logits.engine().prepare(spec(shape, logits.dtype(), target.dtype(), null));
    var batch = new Batch(logits, target, weights(logits), shape.extent());
    return isReduced ? value(plan, batch) : losses(plan, batch);
  }

  private static Tensor value(FusedLossPlan plan, Batch batch) {
    Engine engine = batch.logits.engine();
    try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec()))) {
      Tensor value = fault.number();
      engine.submitWithScratch(
          b -> plan.scratchBytes(batch.extent),
          (b, scratch) ->
              plan.forward(batch.operands(), value.span(), null, fault.span(), scratch));
      return value;
    }
  }

  private static Tensor losses(FusedLossPlan plan, Batch batch) {
    Engine engine = batch.logits.engine();
    TensorType target = batch.target.type().as(DType.F32);
    boolean shares = plan.spec().layout() == Layout.ONE_HOT;
    TensorType type = shares ? new TensorType(DType.F32, target.shape().without(1)) : target;
    try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec()))) {
      Tensor losses = fault.carriedBy(engine.empty(type));
      engine.submitWithScratch(
          b -> plan.scratchBytes(batch.extent),
          (b, scratch) -> plan.losses(batch.operands(), losses.span(), fault.span(), scratch));
      return losses;
    }
  }

  @Override
  public LossResult forwardBackward(
      Tensor logits, Tensor target, Tensor upstream, @Nullable BinaryConfusion metric) {
    LossShape shape = fitting(logits, target);
    Engine engine = logits.engine();
    Tensor counts = metric == null ? null : metric.countsFor(logits, setting.ignoreIndex());
    Float cut = metric == null ? null : metric.cut();
    FusedLossPlan plan = engine.prepare(spec(shape, logits.dtype(), target.dtype(), cut));
    var batch = new Batch(logits, target, weights(logits), shape.extent());
    try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec()))) {
      Tensor value = fault.number();
      Tensor gradient = fault.carriedBy(engine.empty(logits.type()));
      engine.submitWithScratch(
          b -> plan.scratchBytes(batch.extent),
          (b, scratch) -> {
            // under the lock, so that no reset comes between the fault and the counts
            if (metric != null) {
              metric.carry(fault);
            }
            plan.forwardBackward(
                batch.operands(),
                upstream.span(),
                value.span(),
                gradient.span(),
                counts == null ? null : counts.span(),
                fault.span(),
                scratch);
          });
      return new LossResult(isReduced ? value : losses(plan, batch), gradient);
    }
  }

  /** Whose spans are taken when the kernels are called, under the engine's lock. */
  private record Batch(Tensor logits, Tensor target, @Nullable Tensor weights, LossExtent extent) {
    LossOperands operands() {
      return new LossOperands(
          logits.span(), target.span(), weights == null ? null : weights.span(), extent);
    }
  }

  private @Nullable Tensor weights(Tensor logits) {
    if (elementWeights == null) {
      return null;
    }
    logits.requireSameEngine(elementWeights);
    return ElementWeights.of(elementWeights, logits);
  }

  private LossShape fitting(Tensor logits, Tensor target) {
    logits.requireSameEngine(target);
    requireLogits(logits);
    LossShape shape = LossShape.of(setting, logits.shape(), target.shape(), target.dtype());
    LossShape.requireFormats(logits, target, shape.hasPlanes());
    return shape;
  }

  private static void requireLogits(Tensor logits) {
    Engine engine = logits.engine();
    DType dtype = logits.dtype();
    boolean half = dtype == DType.F16 || dtype == DType.BF16;
    if (dtype != DType.F32 && !(half && engine.support(SegmentationKernels.class, dtype).isYes())) {
      throw new IllegalArgumentException(
          "Logits are F32%s, but they are %s; upload them as F32."
              .formatted(
                  half
                      ? ", and F16 or BF16 where the device reads them, which "
                          + engine.device().id()
                          + " does not"
                      : ", F16 or BF16",
                  dtype));
    }
  }

  @Override
  public void requireNoShape() {
    if (setting.mode() != Mode.BINARY || setting.isPerImage()) {
      throw new IllegalArgumentException(
          "A loss in mode %s%s needs the shape of the logits: use the form with a Shape."
              .formatted(setting.mode(), setting.isPerImage() ? " per image" : ""));
    }
  }

  @Override
  public ArrayLoss.Part onArrays(Shape logits, long targets, DType targetDtype) {
    Shape target = LossShape.targetShape(setting.mode(), logits, targetDtype, targets);
    LossShape shape = LossShape.of(setting, logits, target, targetDtype);
    if (!isReduced || elementWeights != null) {
      throw new IllegalArgumentException(
          "Reduction NONE and element weights need tensors; arrays and segments go without.");
    }
    FusedLossSpec spec = spec(shape, DType.F32, targetDtype, null);
    LossExtent extent = shape.extent();
    return new ArrayLoss.Part(
        weight(),
        target.elements(),
        LabelFault.of(spec),
        (x, t, gradient) -> Backends.arrays().loss(spec, extent, x, t, 1, gradient, null));
  }

  FusedLossSpec spec(
      LossShape shape, DType logitsDtype, DType targetDtype, @Nullable Float countCut) {
    FusedLossSpec spec =
        new FusedLossSpec(
            shape.layout(),
            setting.input(),
            shape.extent().classes(),
            setting.isPerImage(),
            terms(shape.extent().classes()),
            setting.truePositives() == null ? TruePositiveForm.MIN : setting.truePositives(),
            setting.ignoreIndex(),
            logitsDtype,
            targetDtype,
            countCut);
    if (!isReduced && !spec.hasLosses()) {
      throw new IllegalArgumentException(
          "Reduction NONE is for losses of single elements or pixels, not for "
              + spec.terms()
              + ".");
    }
    return spec;
  }

  private List<WeightedTerm> terms(int classes) {
    return summands.stream().map(s -> new WeightedTerm(s.term.apply(classes), s.weight)).toList();
  }
}
