package dev.quern.loss;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.spi.ArrayKernels;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.Mode;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import dev.quern.spi.Span;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A loss of binary segmentation, or a weighted sum of several: takes logits, gives the value and
 * the gradient with respect to the logits. Whatever the sum, logits and target are read twice and
 * the gradient is written once.
 *
 * <p>Logits are F32 of any shape; the target has the same shape and is U8 (0 or 1) or F32 (soft
 * targets in [0, 1], unchecked). All pixels of the batch form one pool, as in
 * segmentation_models.pytorch's binary mode.
 *
 * <pre>{@code
 * SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
 * float value = loss.forwardBackward(logits, mask, gradient);
 * }</pre>
 */
public abstract sealed class SegmentationLoss permits OverlapLoss, BceLoss, WeightedLoss {
  SegmentationLoss() {}

  abstract List<WeightedTerm> terms();

  abstract @Nullable Integer ignoreIndex();

  /** How overlap terms count true positives; null if there is none. */
  abstract @Nullable TruePositiveForm truePositives();

  /**
   * Adds another loss.
   *
   * @param other a loss with the same ignore index and, if both have overlap terms, the same form
   *     of true positives
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
   * @param logits F32
   * @param target U8 or F32, of equal shape, on the same engine
   * @return F32, shape (1), owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public Tensor forward(Tensor logits, Tensor target) {
    requireFitting(logits, target);
    Engine engine = logits.engine();
    FusedLossPlan plan = engine.prepare(spec(target.dtype(), null));
    Tensor value = engine.empty(DType.F32, Shape.of(1));
    engine.submitWithScratch(
        b -> plan.scratchBytes(logits.shape().elements()),
        (b, scratch) ->
            plan.forward(
                logits.span(),
                target.span(),
                value.span(),
                null,
                engine.faultWord().span(),
                scratch));
    return value;
  }

  /**
   * Computes value and gradient.
   *
   * @param logits F32
   * @param target U8 or F32, of equal shape, on the same engine
   * @return both, owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public LossResult forwardBackward(Tensor logits, Tensor target) {
    return forwardBackward(logits, target, logits.engine().one(), null);
  }

  /**
   * Computes value and gradient, with confusion counts riding along.
   *
   * @param logits F32
   * @param target U8 or F32, of equal shape, on the same engine
   * @param upstream F32, one element: multiplies the gradient, not the value (a loss scale)
   * @param metric a metric over logits with the same ignore index, whose counts are raised by these
   *     pixels in the same pass; a soft target counts as positive from 1/2 on. Null for none
   * @return value and gradient, owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes, engines or ignore indices do not fit
   */
  public LossResult forwardBackward(
      Tensor logits, Tensor target, Tensor upstream, @Nullable BinaryJaccardIndex metric) {
    requireFitting(logits, target);
    logits.requireSameEngine(upstream);
    if (upstream.dtype() != DType.F32 || upstream.shape().elements() != 1) {
      throw new IllegalArgumentException(
          "The upstream gradient is one F32 number, but it is " + upstream + ".");
    }
    Engine engine = logits.engine();
    Span counts = metric == null ? null : metric.countsFor(logits, ignoreIndex()).span();
    Float cut = metric == null ? null : metric.cut();
    FusedLossPlan plan = engine.prepare(spec(target.dtype(), cut));
    Tensor value = engine.empty(DType.F32, Shape.of(1));
    Tensor gradient = engine.empty(DType.F32, logits.shape());
    engine.submitWithScratch(
        b -> plan.scratchBytes(logits.shape().elements()),
        (b, scratch) ->
            plan.forwardBackward(
                logits.span(),
                target.span(),
                upstream.span(),
                value.span(),
                gradient.span(),
                counts,
                engine.faultWord().span(),
                scratch));
    return new LossResult(value, gradient);
  }

  /**
   * Computes the value on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target 0, 1 or the ignore index, as many
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ
   * @throws DataException if a target is out of range
   */
  public float forward(float[] logits, byte[] target) {
    requireLength(logits.length, target.length, "target");
    return onArrays(logits, target, null, null);
  }

  /**
   * Computes the value on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target soft targets in [0, 1], as many
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ
   */
  public float forward(float[] logits, float[] target) {
    requireLength(logits.length, target.length, "target");
    return onArrays(logits, null, target, null);
  }

  /**
   * Computes value and gradient on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target 0, 1 or the ignore index, as many
   * @param gradient receives the derivative of the loss with respect to each logit; may be {@code
   *     logits} itself
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ
   * @throws DataException if a target is out of range; the gradient is written all the same
   */
  public float forwardBackward(float[] logits, byte[] target, float[] gradient) {
    requireLength(logits.length, target.length, "target");
    requireLength(logits.length, gradient.length, "gradient");
    return onArrays(logits, target, null, gradient);
  }

  /**
   * Computes value and gradient on arrays, on the CPU, without an engine.
   *
   * @param logits the logits
   * @param target soft targets in [0, 1], as many
   * @param gradient receives the derivative of the loss with respect to each logit; may be {@code
   *     logits} itself
   * @return the loss
   * @throws IllegalArgumentException if the lengths differ
   */
  public float forwardBackward(float[] logits, float[] target, float[] gradient) {
    requireLength(logits.length, target.length, "target");
    requireLength(logits.length, gradient.length, "gradient");
    return onArrays(logits, null, target, gradient);
  }

  /**
   * Returns the specification that backends prepare.
   *
   * @param target the target's dtype, U8 or F32
   * @param countCut where confusion counts call a logit positive; null for no counts
   * @return the specification
   */
  public FusedLossSpec spec(DType target, @Nullable Float countCut) {
    TruePositiveForm form = truePositives();
    return new FusedLossSpec(
        Mode.BINARY,
        terms(),
        form == null ? TruePositiveForm.MIN : form,
        ignoreIndex(),
        DType.F32,
        target,
        countCut);
  }

  private float onArrays(
      float[] logits,
      byte @Nullable [] labels,
      float @Nullable [] soft,
      float @Nullable [] gradient) {
    FusedLossSpec spec = spec(labels != null ? DType.U8 : DType.F32, null);
    ArrayKernels.Result result =
        Backends.arrays().loss(spec, logits, labels, soft, 1, gradient, null);
    if (result.fault() != Long.MAX_VALUE) {
      throw DataException.label(result.fault());
    }
    return result.value();
  }

  private static void requireFitting(Tensor logits, Tensor target) {
    logits.requireSameEngine(target);
    if (logits.dtype() != DType.F32) {
      throw new IllegalArgumentException("Logits are F32, but they are " + logits.dtype() + ".");
    }
    if (target.dtype() != DType.U8 && target.dtype() != DType.F32) {
      throw new IllegalArgumentException(
          "The target is U8 or F32, but it is " + target.dtype() + ".");
    }
    if (!logits.shape().equals(target.shape())) {
      throw new IllegalArgumentException(
          "target shape " + target.shape() + " does not match logits " + logits.shape() + ".");
    }
  }

  private static void requireLength(int expected, int actual, String name) {
    if (expected != actual) {
      throw new IllegalArgumentException(
          "There are %d logits, but the %s has %d elements.".formatted(expected, name, actual));
    }
  }
}
