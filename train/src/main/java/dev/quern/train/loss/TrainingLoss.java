package dev.quern.train.loss;

import dev.quern.Tensor;
import dev.quern.loss.LossResult;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.SegmentationLoss;
import dev.quern.loss.SingleLoss;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.train.BadInputException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The loss of a training: one fused loss, the Lovasz hinge, or the sum of both. Losses are of one
 * logit per pixel.
 */
public final class TrainingLoss {
  private final @Nullable SegmentationLoss fused;
  private final LovaszLoss hinge;
  private final float lovasz;

  private TrainingLoss(@Nullable SegmentationLoss fused, LovaszLoss hinge, float lovasz) {
    this.fused = fused;
    this.hinge = hinge;
    this.lovasz = lovasz;
  }

  /**
   * Reads the loss that an expression names, such as {@code dice+bce}, {@code lovasz} or {@code
   * 0.5*dice + focal(gamma=2)}.
   *
   * @param expression a sum of losses with weights and parameters
   * @param ignored the target of pixels that do not count, or null
   * @return the loss
   * @throws BadInputException when a loss or parameter is not known, a number is none, or a
   *     parameter is outside its range
   */
  public static TrainingLoss parse(String expression, @Nullable Integer ignored) {
    SegmentationLoss fused = null;
    double lovasz = 0;
    for (LossExpression.Term term : LossExpression.parse(expression)) {
      KnownLoss known = KnownLoss.of(term, expression);
      if (known == KnownLoss.LOVASZ) {
        lovasz += term.weight();
        continue;
      }
      try {
        SingleLoss<?> single = known.fused(term);
        SegmentationLoss loss = ignored == null ? single : single.ignoreIndex(ignored);
        SegmentationLoss weighted = term.weight() == 1 ? loss : loss.times(term.weight());
        fused = fused == null ? weighted : fused.plus(weighted);
      } catch (IllegalArgumentException e) {
        throw new BadInputException("--loss '%s': %s".formatted(expression, e.getMessage()), e);
      }
    }
    LovaszLoss hinge = new LovaszLoss();
    return new TrainingLoss(
        fused, ignored == null ? hinge : hinge.ignoreIndex(ignored), (float) lovasz);
  }

  /**
   * Computes the value.
   *
   * @param logits F32, (pixels, 1)
   * @param target U8 labels of equal shape
   * @return F32, one element, owned by the current scope
   */
  public Tensor forward(Tensor logits, Tensor target) {
    Tensor value = fused == null ? null : fused.forward(logits, target);
    if (lovasz == 0) {
      return Objects.requireNonNull(value);
    }
    Tensor weighted = hinge.forward(logits, target).scale(lovasz);
    return value == null ? weighted : value.add(weighted);
  }

  /**
   * Computes value and gradient, and counts the predictions.
   *
   * @param logits F32, (pixels, 1)
   * @param target U8 labels of equal shape
   * @param metric over logits; raised by these pixels
   * @return both, owned by the current scope
   */
  public LossResult forwardBackward(Tensor logits, Tensor target, BinaryJaccardIndex metric) {
    LossResult result =
        fused == null ? null : fused.forwardBackward(logits, target, logits.engine().one(), metric);
    if (result == null) {
      metric.update(logits, target);
    }
    if (lovasz == 0) {
      return Objects.requireNonNull(result);
    }
    LossResult other = hinge.forwardBackward(logits, target);
    Tensor value = other.value().scale(lovasz);
    Tensor gradient = other.gradient().scale(lovasz);
    return result == null
        ? new LossResult(value, gradient)
        : new LossResult(result.value().add(value), result.gradient().add(gradient));
  }
}
