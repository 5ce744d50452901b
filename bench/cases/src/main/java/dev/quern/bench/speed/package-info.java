/**
 * How fast the kernels are: against each other's backends, their unfused definitions and the
 * device's own ceilings.
 */
package dev.quern.bench.speed;
