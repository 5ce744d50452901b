/** Convolution of channels-last images on register tiles, forward and both gradients. */
package dev.quern.simd.convolution;
