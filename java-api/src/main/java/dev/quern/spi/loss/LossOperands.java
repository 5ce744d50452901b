package dev.quern.spi.loss;

import dev.quern.spi.Span;
import org.jspecify.annotations.Nullable;

/**
 * What a fused loss reads.
 *
 * @param logits of the spec's dtype, (images, classes, pixels)
 * @param target of the spec's target dtype, as long as {@code logits}, or (images, pixels) for the
 *     layout LABELS
 * @param weight F32, as long as {@code logits}: factors of the binary cross-entropy; null exactly
 *     if no term is weighted
 * @param extent the batch
 */
public record LossOperands(Span logits, Span target, @Nullable Span weight, LossExtent extent) {
  /**
   * Makes the operands of a loss of one logit a pixel, all of them in one pool.
   *
   * @param logits the logits
   * @param target as long
   * @return the operands
   */
  public static LossOperands binary(Span logits, Span target) {
    return new LossOperands(logits, target, null, new LossExtent(1, 1, logits.length()));
  }
}
