/**
 * The losses as their definitions say, in plain tensor operations, one kernel each: what the fused
 * kernels must agree with, and what they are timed against. Gradients are written by hand, term by
 * term. For logits of moderate size and probabilities away from 0 and 1: the stable forms are the
 * fused kernels' own.
 */
@NullMarked
package dev.quern.bench.unfused;

import org.jspecify.annotations.NullMarked;
