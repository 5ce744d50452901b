/** Optimizer steps, over arenas, arrays and memory segments. */
package dev.quern.simd.optim;
