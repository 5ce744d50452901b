/**
 * Operations on images (N, C, H, W), whose channels lie last in memory: convolution, pooling,
 * upsampling, batch normalization.
 */
package dev.quern.op.spatial;
