/**
 * Golden vectors: results of the reference implementations, and the checks that run them on an
 * engine.
 */
package dev.quern.bench.golden;
