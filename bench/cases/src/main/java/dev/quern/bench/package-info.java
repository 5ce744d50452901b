/** Kernel cases: one list for parity, golden vectors, selftest and timing. */
package dev.quern.bench;
