/**
 * The selftest: all cases and checks as suites on the backends of a machine, and what it reports.
 */
package dev.quern.bench.selftest;
