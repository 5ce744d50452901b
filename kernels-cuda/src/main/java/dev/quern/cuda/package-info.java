/** The CUDA backend. */
package dev.quern.cuda;
