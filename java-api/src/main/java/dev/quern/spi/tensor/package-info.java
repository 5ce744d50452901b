/** The contract of the tensor operations: one interface per kernel family. */
package dev.quern.spi.tensor;
