/**
 * The loops of the fused losses over a block, and what they leave for one another. {@link
 * dev.quern.simd.loss.loops.LossLoop} lists them by name; which of them a loss runs, {@code
 * LossPasses} says.
 */
package dev.quern.simd.loss.loops;
