/**
 * The one list of kernel cases, by family: operation, operands, tolerance and bytes moved,
 * described once for parity, timing and reports.
 */
package dev.quern.bench.cases;
