/** The losses on a GPU. */
package dev.quern.gpu.loss;
