/** Changes of the order in memory. */
package dev.quern.simd.layout;
