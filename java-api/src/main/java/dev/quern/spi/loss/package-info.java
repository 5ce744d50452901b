/**
 * The contract of the losses: specifications and plans, and what all backends derive from a
 * specification alike.
 */
package dev.quern.spi.loss;
