/**
 * The OpenCL backend. A kernel's source is its family's {@code .cl} file behind {@code prelude.cl}
 * and the formulas it shares with CUDA; the classes here cut scratch memory, set arguments and
 * launch.
 */
package dev.quern.opencl;
