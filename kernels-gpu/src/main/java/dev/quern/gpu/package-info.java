/**
 * A backend on a GPU, whatever drives it: the host code of every kernel family, once. It launches
 * kernels by their names; a {@link dev.quern.gpu.GpuHost} has them.
 */
package dev.quern.gpu;
