/** The matrix product: tiles in general, dot products where a side is a vector. */
package dev.quern.simd.matrix;
