package dev.quern.loss;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.FaultWord;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.metric.BinaryConfusion;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A loss of sorted lists, which are no sums over pixels: it has a kernel family of its own.
 *
 * @param loss the loss
 * @param weight its factor
 */
record SortedPart(LovaszLoss loss, double weight) implements LossPart {
  @Override
  public boolean isReduced() {
    return true;
  }

  @Override
  public SortedPart times(double factor) {
    return new SortedPart(loss, weight * factor);
  }

  @Override
  public Tensor forward(Tensor logits, Tensor target) {
    LossExtent extent = fitting(logits, target);
    Engine engine = logits.engine();
    LovaszPlan plan = engine.prepare(loss.spec(target.dtype()));
    try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec(), extent))) {
      Tensor value = fault.number();
      engine.submitWithScratch(
          b -> plan.scratchBytes(extent),
          (b, scratch) ->
              plan.forward(
                  logits.span(), target.span(), extent, value.span(), fault.span(), scratch));
      return value;
    }
  }

  @Override
  public LossResult forwardBackward(
      Tensor logits, Tensor target, Tensor upstream, @Nullable BinaryConfusion metric) {
    LossExtent extent = fitting(logits, target);
    Engine engine = logits.engine();
    LovaszPlan plan = engine.prepare(loss.spec(target.dtype()));
    if (metric != null) {
      count(metric, logits, target);
    }
    try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec(), extent))) {
      Tensor value = fault.number();
      Tensor gradient = fault.carriedBy(engine.empty(logits.type()));
      engine.submitWithScratch(
          b -> plan.scratchBytes(extent),
          (b, scratch) ->
              plan.forwardBackward(
                  logits.span(),
                  target.span(),
                  extent,
                  upstream.span(),
                  value.span(),
                  gradient.span(),
                  fault.span(),
                  scratch));
      return new LossResult(value, gradient);
    }
  }

  /** Counts in a pass of their own. */
  private void count(BinaryConfusion metric, Tensor logits, Tensor target) {
    if (setting().mode() == Mode.MULTICLASS) {
      throw new IllegalArgumentException(
          "Binary confusion counts ride along in the binary and multilabel modes only.");
    }
    metric.countsFor(logits, setting().ignoreIndex());
    metric.update(logits, target);
  }

  private LossExtent fitting(Tensor logits, Tensor target) {
    logits.requireSameEngine(target);
    if (logits.dtype() != DType.F32) {
      throw new IllegalArgumentException("Logits are F32, but they are " + logits.dtype() + ".");
    }
    LossExtent extent = extent(logits.shape(), target.shape(), target.dtype());
    LossShape.requireFormats(logits, target, setting().mode() == Mode.MULTICLASS);
    return extent;
  }

  private LossExtent extent(Shape logits, Shape target, DType targetDtype) {
    LossExtent extent = LossShape.ofLists(setting(), logits, target, targetDtype);
    loss.requireListed(extent.classes(), logits);
    return extent;
  }

  @Override
  public void requireNoShape() {
    if (setting().mode() == Mode.MULTICLASS || loss.isPerImage()) {
      throw new IllegalArgumentException(
          "A loss that is MULTICLASS or per image needs the shape of the logits: call"
              + " forwardBackward(shape, ...) with MemorySegment.ofArray.");
    }
  }

  @Override
  public ArrayLoss.Part onArrays(Shape logits, long targets, DType targetDtype) {
    boolean labels = setting().mode() == Mode.MULTICLASS && logits.rank() >= 2;
    Shape target = labels ? logits.without(1) : logits;
    LossExtent extent = extent(logits, target, targetDtype);
    LovaszSpec spec = loss.spec(targetDtype);
    return new ArrayLoss.Part(
        weight,
        target.elements(),
        LabelFault.of(spec, extent),
        (x, t, gradient) -> {
          requireApart(x, gradient);
          return Backends.arrays().lovasz(spec, extent, x, t, 1, gradient);
        });
  }

  private static void requireApart(MemorySegment logits, @Nullable MemorySegment gradient) {
    if (gradient != null && logits.asOverlappingSlice(gradient).isPresent()) {
      throw new IllegalArgumentException(
          "The gradient lies in the memory of the logits, which are read again; give other"
              + " memory.");
    }
  }

  private LossSetting setting() {
    return loss.setting();
  }
}
