package dev.quern.spi.loss;

import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/**
 * A prepared {@link LovaszSpec}. A label that is neither valid (HINGE: 0 or 1; SOFTMAX: below the
 * number of classes) nor the ignore index is a fault: its least index is left in {@code fault} and
 * its pixel counts as ignored. Ignored pixels have gradient 0 whatever their logit is. Among equal
 * errors the pixel with the lower index comes first. The number of kernel launches does not depend
 * on the number of lists.
 */
public interface LovaszPlan extends Plan {
  /**
   * Returns what was prepared.
   *
   * @return the specification
   */
  @Override
  LovaszSpec spec();

  /**
   * Returns how much scratch memory both methods need: less than 4.5 times the bytes of the errors
   * sorted at once, plus 32 bytes a list and 1 MiB.
   *
   * @param extent the batch
   * @return bytes, at least 1
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   */
  long scratchBytes(LossExtent extent);

  /**
   * Computes the value only.
   *
   * @param logits of the spec's dtype, {@code extent.elements()} long
   * @param target HINGE: as long as {@code logits}; SOFTMAX: {@code extent.labels()} long
   * @param extent the batch
   * @param value F32, one element, written
   * @param fault I64, one element, lowered to the index of a faulty label
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void forward(
      Span logits,
      Span target,
      LossExtent extent,
      @Written Span value,
      @Written(afterReading = true) Span fault,
      Span scratch);

  /**
   * Computes value and gradient.
   *
   * @param logits of the spec's dtype, {@code extent.elements()} long
   * @param target HINGE: as long as {@code logits}; SOFTMAX: {@code extent.labels()} long
   * @param extent the batch
   * @param upstream F32, one element: the factor of the gradient
   * @param value F32, one element, written; without the upstream factor
   * @param gradient as {@code logits}, written; another span than {@code logits}
   * @param fault I64, one element, lowered to the index of a faulty label
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void forwardBackward(
      Span logits,
      Span target,
      LossExtent extent,
      Span upstream,
      @Written Span value,
      @Written Span gradient,
      @Written(afterReading = true) Span fault,
      Span scratch);
}
