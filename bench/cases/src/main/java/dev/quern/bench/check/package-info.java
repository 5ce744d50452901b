/**
 * What must hold: parity of backends, gradients against finite differences, fused against unfused,
 * faults in data, large sizes, unloading.
 */
package dev.quern.bench.check;
