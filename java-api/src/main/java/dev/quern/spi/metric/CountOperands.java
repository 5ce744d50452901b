package dev.quern.spi.metric;

import dev.quern.spi.Span;
import dev.quern.spi.Written;
import org.jspecify.annotations.Nullable;

/**
 * What binary counting reads and adds to.
 *
 * @param predictions F32: logits, probabilities or labels
 * @param cut the smallest value that counts as positive
 * @param target U8, I32, I64 or F32, as long as {@code predictions}
 * @param ignoreIndex the target value left out, null for none
 * @param inner neighbouring elements of one row, at least 1; {@code inner * rows} divides the
 *     length
 * @param counts I64, rows times 4, added to
 * @param fault I64, one element: the least index of a faulty target so far, {@link Long#MAX_VALUE}
 *     if none
 */
public record CountOperands(
    Span predictions,
    float cut,
    Span target,
    @Nullable Integer ignoreIndex,
    long inner,
    @Written(afterReading = true) Span counts,
    @Written(afterReading = true) Span fault) {}
