/** The contract of the optimizers: steps over an arena, and the records they read. */
package dev.quern.spi.optim;
