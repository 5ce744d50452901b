package dev.quern.spi;

import org.jspecify.annotations.Nullable;

/**
 * A prepared {@link FusedLossSpec}. Pass 1 reads logits and target once and leaves the sums; an
 * epilogue on the device turns them into value and gradient coefficients; pass 2 reads again and
 * writes the gradient. A target element equal to the ignore index is ignored: whatever its logit
 * is, it adds nothing and its gradient is 0. A U8 target other than 0, 1 and the ignore index is a
 * fault: its least index is left in {@code fault} and it counts as ignored.
 */
public interface FusedLossPlan {
  /**
   * Returns what was prepared.
   *
   * @return the specification
   */
  FusedLossSpec spec();

  /**
   * Returns how much scratch memory both methods need.
   *
   * @param elements the number of pixels
   * @return bytes, at least 1
   */
  long scratchBytes(long elements);

  /**
   * Computes the value only.
   *
   * @param logits F32
   * @param target of the spec's target dtype, as long as {@code logits}
   * @param value F32, one element, written
   * @param counts I64 {tn, fp, fn, tp}, added to; null exactly if the spec has no count cut
   * @param fault I64, one element, lowered to the index of a faulty target
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void forward(
      Span logits, Span target, Span value, @Nullable Span counts, Span fault, Span scratch);

  /**
   * Computes value and gradient.
   *
   * @param logits F32
   * @param target of the spec's target dtype, as long as {@code logits}
   * @param upstream F32, one element: the factor of the gradient, folded into its coefficients
   * @param value F32, one element, written; without the upstream factor
   * @param gradient F32, as long as {@code logits}, written; may be the same span as {@code logits}
   * @param counts I64 {tn, fp, fn, tp}, added to; null exactly if the spec has no count cut
   * @param fault I64, one element, lowered to the index of a faulty target
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void forwardBackward(
      Span logits,
      Span target,
      Span upstream,
      Span value,
      Span gradient,
      @Nullable Span counts,
      Span fault,
      Span scratch);
}
