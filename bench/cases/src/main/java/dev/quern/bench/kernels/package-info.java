/**
 * What a kernel case is made of: its description, inputs, tolerance, and the bench it runs on, with
 * canaries behind every buffer.
 */
package dev.quern.bench.kernels;
