package dev.quern.loss;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.FaultWord;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.SegmentationKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A segmentation loss, or a weighted sum of several: takes logits (or probabilities), gives the
 * value and the gradient with respect to them. Whatever the sum, logits and target are read twice
 * at most and the gradient is written once; Lovasz losses in it sort, in passes of their own.
 *
 * <p>Logits are F32. {@link Mode#BINARY}: of any shape, the target has the same shape, where an
 * axis of one channel may be left out ((N, H, W) beside (N, 1, H, W)), and is U8, I32 or I64 (0 or
 * 1) or F32 (soft targets in [0, 1], unchecked). {@link Mode#MULTILABEL}: (N, C, ...), the target
 * alike. {@link Mode#MULTICLASS}: (N, C, ...), the target is (N, ...) labels below C, or F32 shares
 * of the logits' shape. A whole target out of range counts as ignored; reading the value or the
 * gradient, at once or late, then throws a {@link DataException}.
 *
 * <pre>{@code
 * SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
 * float value = loss.forwardBackward(logits, mask, gradient);
 * }</pre>
 */
public abstract sealed class SegmentationLoss permits SingleLoss, LovaszLoss, WeightedLoss {
  /** The last call without an engine: most are followed by others of the same shape. */
  private volatile @Nullable OneCall lastCall;

  SegmentationLoss() {}

  abstract Frame frame();

  abstract List<WeightedTerm> terms(int classes);

  /** Factors of the elements of the binary cross-entropy, or null. */
  @Nullable Tensor weight() {
    return null;
  }

  /** Whether the value is one number. */
  boolean isReduced() {
    return true;
  }

  /**
   * Adds another loss.
   *
   * @param other a loss of the same mode and input with the same ignore index and, if both have
   *     overlap terms, the same form of true positives and grouping by image
   * @return the sum, computed in the same two passes
   * @throws IllegalArgumentException if those differ
   */
  public SegmentationLoss plus(SegmentationLoss other) {
    return WeightedLoss.sum(this, other);
  }

  /**
   * Weighs this loss.
   *
   * @param weight a finite factor
   * @return the weighted loss
   * @throws IllegalArgumentException if the weight is not finite
   */
  public SegmentationLoss times(double weight) {
    return WeightedLoss.scaled(this, weight);
  }

  /**
   * Computes the value.
   *
   * @param logits F32, or F16 or BF16 where the device reads them (OpenCL and CUDA)
   * @param target on the same engine, of fitting shape and dtype
   * @return F32, shape (1), or the target's shape with {@link Reduction#NONE}; owned by the current
   *     scope
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public Tensor forward(Tensor logits, Tensor target) {
    LossShape shape = fitting(logits, target);
    Engine engine = logits.engine();
    FusedLossPlan plan = engine.prepare(spec(shape, logits.dtype(), target.dtype(), null));
    return engine.scoped(() -> {
      LossOperands operands = operands(logits, target, shape);
      return isReduced()
          ? value(plan, operands, engine)
          : losses(plan, operands, engine, target.shape());
    });
  }

  private Tensor value(FusedLossPlan plan, LossOperands operands, Engine engine) {
    try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec()))) {
      Tensor value = fault.number();
      engine.submitWithScratch(
          b -> plan.scratchBytes(operands.extent()),
          (b, scratch) -> plan.forward(operands, value.span(), null, fault.span(), scratch));
      return value;
    }
  }

  /**
   * Computes value and gradient.
   *
   * @param logits F32, or F16 or BF16 where the device reads them (OpenCL and CUDA)
   * @param target on the same engine, of fitting shape and dtype
   * @return both, owned by the current scope; the gradient has the logits' dtype
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public LossResult forwardBackward(Tensor logits, Tensor target) {
    return forwardBackward(logits, target, logits.engine().one(), null);
  }

  /**
   * Computes value and gradient under a loss scale.
   *
   * @param logits F32, or F16 or BF16 where the device reads them (OpenCL and CUDA)
   * @param target on the same engine, of fitting shape and dtype
   * @param upstream F32, one element: multiplies the gradient, not the value
   * @return both, owned by the current scope; the gradient has the logits' dtype
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public LossResult forwardBackward(Tensor logits, Tensor target, Tensor upstream) {
    return forwardBackward(logits, target, upstream, null);
  }

  /**
   * Computes value and gradient, with confusion counts riding along.
   *
   * @param logits F32, or F16 or BF16 where the device reads them (OpenCL and CUDA)
   * @param target on the same engine, of fitting shape and dtype
   * @param upstream F32, one element: multiplies the gradient, not the value (a loss scale)
   * @param metric a metric over logits with the same ignore index, whose counts are raised by these
   *     pixels in the same pass (modes BINARY and MULTILABEL); a soft target counts as positive
   *     from 1/2 on. Null for none
   * @return value and gradient, owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes, engines or ignore indices do not fit
   */
  public LossResult forwardBackward(
      Tensor logits, Tensor target, Tensor upstream, @Nullable BinaryJaccardIndex metric) {
    LossShape shape = fitting(logits, target);
    logits.requireSameEngine(upstream);
    if (upstream.dtype() != DType.F32 || upstream.shape().elements() != 1) {
      throw new IllegalArgumentException(
          "The upstream gradient is one F32 number, but it is " + upstream + ".");
    }
    Engine engine = logits.engine();
    Span counts = metric == null ? null : metric.countsFor(logits, frame().ignoreIndex()).span();
    Float cut = metric == null ? null : metric.cut();
    FusedLossPlan plan = engine.prepare(spec(shape, logits.dtype(), target.dtype(), cut));
    return engine.scoped(() -> {
      LossOperands operands = operands(logits, target, shape);
      try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec()))) {
        Tensor value = fault.number();
        Tensor gradient = fault.carriedBy(engine.empty(logits.dtype(), logits.shape()));
        if (metric != null) {
          metric.carry(fault);
        }
        engine.submitWithScratch(
            b -> plan.scratchBytes(shape.extent()),
            (b, scratch) ->
                plan.forwardBackward(
                    operands,
                    upstream.span(),
                    value.span(),
                    gradient.span(),
                    counts,
                    fault.span(),
                    scratch));
        Tensor shown = isReduced() ? value : losses(plan, operands, engine, target.shape());
        return new LossResult(shown, gradient);
      }
    });
  }

  private static Tensor losses(
      FusedLossPlan plan, LossOperands operands, Engine engine, Shape target) {
    Shape shape =
        plan.spec().layout() == FusedLossSpec.Layout.ONE_HOT
            ? LossShape.withoutClasses(target)
            : target;
    try (FaultWord fault = engine.openFaultWord(LabelFault.of(plan.spec()))) {
      Tensor losses = fault.carriedBy(engine.empty(DType.F32, shape));
      engine.submitWithScratch(
          b -> plan.scratchBytes(operands.extent()),
          (b, scratch) -> plan.losses(operands, losses.span(), fault.span(), scratch));
      return losses;
    }
  }

  /**
   * Computes the value of a binary loss on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target 0, 1 or the ignore index, as many
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ, or the loss needs a shape
   * @throws DataException if a target is out of range
   */
  public final float forward(float[] logits, byte[] target) {
    requireLength(logits.length, target.length, "target");
    return onArrays(logits, MemorySegment.ofArray(target), DType.U8, null);
  }

  /**
   * Computes the value of a binary loss on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target soft targets in [0, 1], as many
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ, or the loss needs a shape
   */
  public final float forward(float[] logits, float[] target) {
    requireLength(logits.length, target.length, "target");
    return onArrays(logits, MemorySegment.ofArray(target), DType.F32, null);
  }

  /**
   * Computes value and gradient of a binary loss on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target 0, 1 or the ignore index, as many
   * @param gradient receives the derivative of the loss with respect to each logit; may be {@code
   *     logits} itself, except for Lovasz losses
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ, or the loss needs a shape
   * @throws DataException if a target is out of range; the gradient is written all the same
   */
  public final float forwardBackward(float[] logits, byte[] target, float[] gradient) {
    requireLength(logits.length, target.length, "target");
    requireLength(logits.length, gradient.length, "gradient");
    return onArrays(logits, MemorySegment.ofArray(target), DType.U8, gradient);
  }

  /**
   * Computes value and gradient of a binary loss on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target soft targets in [0, 1], as many
   * @param gradient receives the derivative of the loss with respect to each logit; may be {@code
   *     logits} itself, except for Lovasz losses
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ, or the loss needs a shape
   */
  public final float forwardBackward(float[] logits, float[] target, float[] gradient) {
    requireLength(logits.length, target.length, "target");
    requireLength(logits.length, gradient.length, "gradient");
    return onArrays(logits, MemorySegment.ofArray(target), DType.F32, gradient);
  }

  /**
   * Computes value and gradient of a binary loss on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target 0, 1 or the ignore index, as many
   * @param gradient receives the derivative of the loss with respect to each logit
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ, or the loss needs a shape
   * @throws DataException if a target is out of range; the gradient is written all the same
   */
  public final float forwardBackward(float[] logits, int[] target, float[] gradient) {
    requireLength(logits.length, target.length, "target");
    requireLength(logits.length, gradient.length, "gradient");
    return onArrays(logits, MemorySegment.ofArray(target), DType.I32, gradient);
  }

  /**
   * Computes value and gradient of a binary loss on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target the mask, as many
   * @param gradient receives the derivative of the loss with respect to each logit
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ, or the loss needs a shape
   */
  public final float forwardBackward(float[] logits, boolean[] target, float[] gradient) {
    byte[] bytes = new byte[target.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (target[i] ? 1 : 0);
    }
    return forwardBackward(logits, bytes, gradient);
  }

  /**
   * Computes value and gradient in any mode on memory segments, on the CPU, without an engine.
   *
   * @param shape the shape of the logits
   * @param logits F32, native or {@code MemorySegment.ofArray(float[])}
   * @param target of the target's dtype, native or over an array; as many elements as logits, or in
   *     mode MULTICLASS one label a pixel
   * @param targetDtype U8, I32, I64 or F32
   * @param gradient F32, as long as the logits, written, may be their segment; null for the value
   *     only
   * @return the loss
   * @throws IllegalArgumentException if lengths, dtype or shape do not fit, or the reduction is
   *     NONE
   * @throws DataException if a target is out of range; the gradient is written all the same
   */
  public float forwardBackward(
      Shape shape,
      MemorySegment logits,
      MemorySegment target,
      DType targetDtype,
      @Nullable MemorySegment gradient) {
    requireBytes("logits", logits, shape.elements(), DType.F32);
    if (gradient != null) {
      requireBytes("gradient", gradient, shape.elements(), DType.F32);
    }
    long targets = target.byteSize() / targetDtype.bytes();
    OneCall call = lastCall;
    if (call == null || !call.fits(shape, targets, targetDtype)) {
      Shape labels = LossShape.targetShape(frame().mode(), shape, targetDtype, targets);
      call = oneCall(shape, labels, targetDtype);
      lastCall = call;
    }
    requireBytes("target", target, call.targets(), targetDtype);
    return call.loss(logits, target, gradient);
  }

  private OneCall oneCall(Shape logits, Shape target, DType targetDtype) {
    LossShape shape = LossShape.of(frame(), logits, target, targetDtype);
    if (!isReduced() || weight() != null) {
      throw new IllegalArgumentException(
          "Reduction NONE and element weights need tensors; arrays and segments go without.");
    }
    FusedLossSpec spec = spec(shape, DType.F32, targetDtype, null);
    return new OneCall(logits, target.elements(), targetDtype, shape.extent(), spec);
  }

  /**
   * Returns the specification that backends prepare.
   *
   * @param logits the shape of the logits
   * @param target the shape of the target
   * @param targetDtype the target's dtype
   * @param countCut where confusion counts call a logit positive; null for no counts
   * @return the specification
   * @throws IllegalArgumentException if shapes and dtype do not fit
   */
  public FusedLossSpec spec(
      Shape logits, Shape target, DType targetDtype, @Nullable Float countCut) {
    LossShape shape = LossShape.of(frame(), logits, target, targetDtype);
    return spec(shape, DType.F32, targetDtype, countCut);
  }

  private FusedLossSpec spec(
      LossShape shape, DType logitsDtype, DType targetDtype, @Nullable Float countCut) {
    Frame frame = frame();
    FusedLossSpec spec =
        new FusedLossSpec(
            shape.layout(),
            frame.input(),
            shape.extent().classes(),
            Boolean.TRUE.equals(frame.perImage()),
            terms(shape.extent().classes()),
            frame.truePositives() == null
                ? FusedLossSpec.TruePositiveForm.MIN
                : frame.truePositives(),
            frame.ignoreIndex(),
            logitsDtype,
            targetDtype,
            countCut);
    if (!isReduced() && !spec.hasLosses()) {
      throw new IllegalArgumentException(
          "Reduction NONE is for losses of single elements or pixels, not for "
              + spec.terms()
              + ".");
    }
    return spec;
  }

  private LossOperands operands(Tensor logits, Tensor target, LossShape shape) {
    Tensor weight = weight();
    if (weight != null) {
      logits.requireSameEngine(weight);
      weight = ElementWeights.of(weight, logits.shape());
    }
    return new LossOperands(
        logits.span(), target.span(), weight == null ? null : weight.span(), shape.extent());
  }

  private LossShape fitting(Tensor logits, Tensor target) {
    logits.requireSameEngine(target);
    requireLogits(logits);
    LossShape shape = LossShape.of(frame(), logits.shape(), target.shape(), target.dtype());
    LossShape.requireContiguous(logits, shape);
    LossShape.requireContiguous(target, shape);
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

  /** A loss over one list of logits; lengths are checked. */
  float onArrays(
      float[] logits, MemorySegment target, DType targetDtype, float @Nullable [] gradient) {
    OneCall call = lastCall;
    if (call == null || !call.fits(logits.length, targetDtype)) {
      if (frame().mode() != Mode.BINARY || Boolean.TRUE.equals(frame().perImage())) {
        throw new IllegalArgumentException(
            "A loss in mode %s%s needs the shape of the logits: use the form with a Shape."
                .formatted(
                    frame().mode(), Boolean.TRUE.equals(frame().perImage()) ? " per image" : ""));
      }
      Shape shape = Shape.of(logits.length);
      call = oneCall(shape, shape, targetDtype);
      lastCall = call;
    }
    return call.loss(
        MemorySegment.ofArray(logits),
        target,
        gradient == null ? null : MemorySegment.ofArray(gradient));
  }

  /** With several classes an array form is refused for another reason. */
  private void requireLength(int expected, int actual, String name) {
    if (expected != actual && frame().mode() != Mode.MULTICLASS) {
      throw new IllegalArgumentException(
          "There are %d logits, but the %s has %d elements.".formatted(expected, name, actual));
    }
  }

  private static void requireBytes(String name, MemorySegment segment, long elements, DType dtype) {
    if (segment.byteSize() % dtype.bytes() != 0 || segment.byteSize() / dtype.bytes() != elements) {
      throw new IllegalArgumentException(
          "The %s has %d bytes, but there are %d elements of %s, %d bytes each."
              .formatted(name, segment.byteSize(), elements, dtype, dtype.bytes()));
    }
  }
}
