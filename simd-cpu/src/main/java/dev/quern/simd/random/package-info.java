/** Random numbers. */
package dev.quern.simd.random;
