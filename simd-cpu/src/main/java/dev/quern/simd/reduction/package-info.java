/** Sums of elements and of squares. */
package dev.quern.simd.reduction;
