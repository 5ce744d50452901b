/** Normalization on the CPU. */
package dev.quern.simd.normalization;
