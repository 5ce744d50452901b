/**
 * What a backend implements: a provider that finds devices, their memory, and one small interface
 * per kernel family. Callers have checked shapes, dtypes and hyper-parameters; kernels trust them.
 */
package dev.quern.spi;
