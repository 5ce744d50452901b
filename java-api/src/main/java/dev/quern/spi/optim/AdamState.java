package dev.quern.spi.optim;

import dev.quern.spi.Span;
import dev.quern.spi.Written;
import org.jspecify.annotations.Nullable;

/**
 * What Adam keeps beside the parameters, each as long as an {@link OptimizerArena}.
 *
 * @param expAvg F32, first moments
 * @param expAvgSq F32, second moments
 * @param maxExpAvgSq F32, their maxima; null if no group uses amsgrad
 */
public record AdamState(
    @Written(afterReading = true) Span expAvg,
    @Written(afterReading = true) Span expAvgSq,
    @Written(afterReading = true) @Nullable Span maxExpAvgSq) {}
