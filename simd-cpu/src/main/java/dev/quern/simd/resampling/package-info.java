/** Resampling on the CPU. */
package dev.quern.simd.resampling;
