/**
 * Kernels on channels-last images: convolution, pooling, normalization, resampling. What is worth
 * preparing is a specification with its plan.
 */
package dev.quern.spi.spatial;
