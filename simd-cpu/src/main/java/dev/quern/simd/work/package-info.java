/**
 * How work is done: chunks, tasks of numbered pieces, the threads that share them, and memory that
 * a thread keeps. Knows no kernel.
 */
package dev.quern.simd.work;
