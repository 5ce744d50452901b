/** Fill, copy and elementwise arithmetic. */
package dev.quern.simd.pointwise;
