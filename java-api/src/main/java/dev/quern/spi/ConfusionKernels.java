package dev.quern.spi;

import org.jspecify.annotations.Nullable;

/** Exact confusion counts of binary predictions. */
public interface ConfusionKernels {
  /**
   * Returns how much scratch memory {@link #count} needs.
   *
   * @param elements the number of elements counted
   * @return bytes, at least 1
   */
  long scratchBytes(long elements);

  /**
   * Adds to counts = {tn, fp, fn, tp}, that is to {@code counts[2 * target + predicted]}; predicted
   * = predictions &gt;= cut, so NaN counts as negative. A target equal to {@code ignoreIndex} is
   * left out; so is any other target that is neither 0 nor 1, and the first such index is left in
   * {@code fault} by a minimum.
   *
   * @param predictions F32: logits, probabilities or labels
   * @param cut the smallest value that counts as positive
   * @param target U8 or F32, as long as {@code predictions}
   * @param ignoreIndex the target value left out, null for none
   * @param counts I64, four elements, added to
   * @param fault I64, one element: the least index of a faulty target so far, {@link
   *     Long#MAX_VALUE} if none
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void count(
      Span predictions,
      float cut,
      Span target,
      @Nullable Integer ignoreIndex,
      Span counts,
      Span fault,
      Span scratch);
}
