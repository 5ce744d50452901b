/**
 * Weights in files: the safetensors format, which PyTorch's world reads and writes, and the way
 * from a network into it and back.
 */
package dev.quern.nn.safetensors;
