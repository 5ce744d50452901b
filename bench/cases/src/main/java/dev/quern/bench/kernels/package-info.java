/**
 * The list of kernel cases: operation, operands, tolerance and bytes moved, described once for
 * parity, timing and reports.
 */
package dev.quern.bench.kernels;
