package dev.quern.spi.metric;

import dev.quern.spi.Span;
import dev.quern.spi.Written;
import org.jspecify.annotations.Nullable;

/**
 * What counting into a multiclass confusion matrix reads and adds to.
 *
 * @param predictions F32 scores of shape (outer, classes, inner), or labels (U8, I32 or I64) as
 *     many as targets
 * @param target U8, I32 or I64 of shape (outer, inner)
 * @param ignoreIndex the target left out, null for none
 * @param classes at least 1, at most 46340
 * @param inner pixels of a plane of scores, at least 1; divides the number of targets
 * @param counts I64, classes times classes, added to
 * @param fault I64, one element: the least index of a faulty pixel so far, {@link Long#MAX_VALUE}
 *     if none
 */
public record MatrixCountOperands(
    Span predictions,
    Span target,
    @Nullable Integer ignoreIndex,
    int classes,
    long inner,
    @Written(afterReading = true) Span counts,
    @Written(afterReading = true) Span fault) {}
