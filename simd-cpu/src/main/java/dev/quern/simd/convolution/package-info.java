/** Convolution on the CPU. */
package dev.quern.simd.convolution;
