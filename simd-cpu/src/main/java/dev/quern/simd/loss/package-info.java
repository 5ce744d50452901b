/**
 * The fused losses. A batch is cut into pieces ({@code LossPieces}), a piece into blocks that stay
 * in the cache; a pass is a list of short loops over a block ({@code LossPasses}, one maker per
 * layout), chosen once by the specification. {@code LossPasses.toString} tells which loops a loss
 * runs.
 */
package dev.quern.simd.loss;
