/**
 * Elementary functions of vectors, and vectors from memory and to it. The loops of all families
 * stand on it.
 */
package dev.quern.simd.math;
