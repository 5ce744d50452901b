/** What becomes of kernel sources: formulas, builds, and compiled programs that are kept. */
package dev.quern.gpu.program;
