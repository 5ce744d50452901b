/** Calls kernels and takes their time. */
package dev.quern.bench.speed.measure;
