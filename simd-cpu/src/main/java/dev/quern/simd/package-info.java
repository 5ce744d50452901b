/** The CPU backend on the Vector API. */
package dev.quern.simd;
