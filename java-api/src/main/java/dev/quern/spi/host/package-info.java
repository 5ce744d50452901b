/**
 * What backends share that compute in the memory of the Java virtual machine: host memory, kernels
 * on arrays, what the machine compiles well.
 */
package dev.quern.spi.host;
