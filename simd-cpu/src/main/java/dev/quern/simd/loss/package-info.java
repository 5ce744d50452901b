/** The fused losses. */
package dev.quern.simd.loss;
