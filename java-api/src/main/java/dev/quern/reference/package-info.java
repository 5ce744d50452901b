/**
 * The plain-Java backend: loops with double accumulators, on one thread. It is the oracle the other
 * backends are compared with, and the last resort where nothing else runs.
 */
package dev.quern.reference;
