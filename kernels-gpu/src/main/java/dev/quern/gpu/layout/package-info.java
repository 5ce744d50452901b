/**
 * How the GPU kernels find their data: encodings of specifications and divisions of scratch memory.
 */
package dev.quern.gpu.layout;
