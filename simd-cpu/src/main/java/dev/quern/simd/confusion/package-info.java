/** Confusion counts and matrices. */
package dev.quern.simd.confusion;
