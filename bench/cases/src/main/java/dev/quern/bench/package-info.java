/**
 * Proof: parity of backends, gradient checks, golden vectors and the selftest that runs them, and a
 * plain timer. One list of cases, in {@code dev.quern.bench.kernels}, serves all of them.
 */
package dev.quern.bench;
