package dev.quern.spi.loss;

import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.Written;
import org.jspecify.annotations.Nullable;

/**
 * A prepared {@link FusedLossSpec}. Pass 1 reads logits and target once and leaves the sums; an
 * epilogue on the device turns them into value and gradient coefficients; pass 2 reads again and
 * writes the gradient. A target element equal to the ignore index is ignored: whatever its logit
 * is, it adds nothing and its gradient is 0. A faulty target, see {@link FusedLossSpec.Layout}, has
 * its least index left in {@code fault} and counts as ignored.
 */
public interface FusedLossPlan extends Plan {
  /**
   * Returns what was prepared.
   *
   * @return the specification
   */
  @Override
  FusedLossSpec spec();

  /**
   * Returns how much scratch memory the methods need.
   *
   * @param extent the batch
   * @return bytes, at least 1
   */
  long scratchBytes(LossExtent extent);

  /**
   * Computes the value only.
   *
   * @param operands what is read
   * @param value F32, one element, written
   * @param counts I64 {tn, fp, fn, tp}, added to; null exactly if the spec has no count cut
   * @param fault I64, one element, lowered to the index of a faulty target
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void forward(
      LossOperands operands,
      @Written Span value,
      @Written(afterReading = true) @Nullable Span counts,
      @Written(afterReading = true) Span fault,
      Span scratch);

  /**
   * Computes value and gradient.
   *
   * @param operands what is read
   * @param upstream F32, one element: the factor of the gradient, folded into its coefficients
   * @param value F32, one element, written; without the upstream factor
   * @param gradient as {@code logits}, written; may be the same span as the logits
   * @param counts I64 {tn, fp, fn, tp}, added to; null exactly if the spec has no count cut
   * @param fault I64, one element, lowered to the index of a faulty target
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void forwardBackward(
      LossOperands operands,
      Span upstream,
      @Written Span value,
      @Written Span gradient,
      @Written(afterReading = true) @Nullable Span counts,
      @Written(afterReading = true) Span fault,
      Span scratch);

  /**
   * Writes every element's (ELEMENTS) or pixel's (other layouts) loss without reduction, 0 for
   * ignored and faulty ones. Only for a spec with a single term that is neither an overlap nor
   * normalized, nor a {@link LossTerm.Focal} of exclusive classes; the term's reduction is
   * disregarded, its weight is not.
   *
   * @param operands what is read
   * @param losses F32, as long as the logits (ELEMENTS) or (images, pixels), written
   * @param fault I64, one element, lowered to the index of a faulty target
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void losses(
      LossOperands operands,
      @Written Span losses,
      @Written(afterReading = true) Span fault,
      Span scratch);
}
