package dev.quern.loss;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.metric.BinaryConfusion;
import dev.quern.spi.loss.FusedLossSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
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
public abstract sealed class SegmentationLoss permits SingleLoss, WeightedLoss {
  /** The last call without an engine: most are followed by others of the same shape. */
  private volatile @Nullable ArrayLoss lastCall;

  SegmentationLoss() {}

  abstract LossSetting setting();

  /** What values and gradients are added of; at least one. */
  abstract List<LossPart> parts();

  /**
   * Adds another loss.
   *
   * @param other a loss of the same mode and input with the same ignore index and, if both have
   *     overlap terms, the same form of true positives and grouping by image, and, if both weigh
   *     elements, the same tensor
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
  public final Tensor forward(Tensor logits, Tensor target) {
    return logits
        .engine()
        .scoped(() -> {
          Tensor value = null;
          for (LossPart part : parts()) {
            value = sum(value, part.forward(logits, target), part.weight());
          }
          return Objects.requireNonNull(value);
        });
  }

  /**
   * Computes value and gradient.
   *
   * @param logits F32, or F16 or BF16 where the device reads them (OpenCL and CUDA)
   * @param target on the same engine, of fitting shape and dtype
   * @return both, owned by the current scope; the gradient has the logits' dtype
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public final LossResult forwardBackward(Tensor logits, Tensor target) {
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
  public final LossResult forwardBackward(Tensor logits, Tensor target, Tensor upstream) {
    return forwardBackward(logits, target, upstream, null);
  }

  /**
   * Computes value and gradient, with confusion counts riding along.
   *
   * @param logits F32, or F16 or BF16 where the device reads them (OpenCL and CUDA)
   * @param target on the same engine, of fitting shape and dtype
   * @param upstream F32, one element: multiplies the gradient, not the value (a loss scale)
   * @param metric counts over logits with the same ignore index, or a score of them, which are
   *     raised by these pixels in the same pass, or in one of their own if there are only Lovasz
   *     losses (modes BINARY and MULTILABEL); a soft target counts as positive from 1/2 on. Null
   *     for none
   * @return value and gradient, owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes, engines or ignore indices do not fit
   */
  public final LossResult forwardBackward(
      Tensor logits, Tensor target, Tensor upstream, @Nullable BinaryConfusion metric) {
    logits.requireSameEngine(upstream);
    if (upstream.dtype() != DType.F32 || upstream.shape().elements() != 1) {
      throw new IllegalArgumentException(
          "The upstream gradient is one F32 number, but it is " + upstream + ".");
    }
    return logits
        .engine()
        .scoped(() -> {
          Tensor value = null;
          Tensor gradient = null;
          BinaryConfusion uncounted = metric;
          for (LossPart part : parts()) {
            LossResult result = part.forwardBackward(logits, target, upstream, uncounted);
            value = sum(value, result.value(), part.weight());
            gradient = sum(gradient, result.gradient(), part.weight());
            uncounted = null;
          }
          return new LossResult(Objects.requireNonNull(value), Objects.requireNonNull(gradient));
        });
  }

  private static Tensor sum(@Nullable Tensor total, Tensor next, double weight) {
    Tensor scaled = weight == 1 ? next : next.scale((float) weight);
    return total == null ? scaled : total.add(scaled);
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
   * @param gradient F32, as long as the logits, written, may be their segment, except for Lovasz
   *     losses; null for the value only
   * @return the loss
   * @throws IllegalArgumentException if lengths, dtype or shape do not fit, or the reduction is
   *     NONE
   * @throws DataException if a target is out of range; the gradient is written all the same
   */
  public final float forwardBackward(
      Shape shape,
      MemorySegment logits,
      MemorySegment target,
      DType targetDtype,
      @Nullable MemorySegment gradient) {
    ArrayLoss.requireBytes("logits", logits, shape.elements(), DType.F32);
    if (gradient != null) {
      ArrayLoss.requireBytes("gradient", gradient, shape.elements(), DType.F32);
    }
    long targets = target.byteSize() / targetDtype.bytes();
    ArrayLoss call = lastCall;
    if (call == null || !call.fits(shape, targets, targetDtype)) {
      call = ArrayLoss.of(parts(), shape, targets, targetDtype);
      lastCall = call;
    }
    return call.loss(logits, target, gradient);
  }

  /** Lengths are checked. */
  private float onArrays(
      float[] logits, MemorySegment target, DType targetDtype, float @Nullable [] gradient) {
    ArrayLoss call = lastCall;
    if (call == null || !call.fitsWithoutShape(logits.length, targetDtype)) {
      call = ArrayLoss.withoutShape(parts(), logits.length, targetDtype);
      lastCall = call;
    }
    return call.loss(
        MemorySegment.ofArray(logits),
        target,
        gradient == null ? null : MemorySegment.ofArray(gradient));
  }

  /** With several classes an array form is refused for another reason. */
  private void requireLength(int expected, int actual, String name) {
    if (expected != actual && setting().mode() != Mode.MULTICLASS) {
      throw new IllegalArgumentException(
          "There are %d logits, but the %s has %d elements.".formatted(expected, name, actual));
    }
  }

  /**
   * Returns the specification that backends prepare of the losses that are fused.
   *
   * @param logits the shape of the logits
   * @param target the shape of the target
   * @param targetDtype the target's dtype
   * @param countCut where confusion counts call a logit positive; null for no counts
   * @return the specification
   * @throws IllegalArgumentException if shapes and dtype do not fit, or there are Lovasz losses
   *     only
   */
  public FusedLossSpec spec(
      Shape logits, Shape target, DType targetDtype, @Nullable Float countCut) {
    if (!(parts().getFirst() instanceof FusedPart fused)) {
      throw new IllegalArgumentException(
          "Lovasz losses are not fused; each has a specification of its own, LovaszLoss.spec.");
    }
    LossShape shape = LossShape.of(setting(), logits, target, targetDtype);
    return fused.spec(shape, DType.F32, targetDtype, countCut);
  }
}
