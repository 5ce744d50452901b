/** Segmentation losses with their gradients, fused over any weighted sum. */
package dev.quern.loss;
