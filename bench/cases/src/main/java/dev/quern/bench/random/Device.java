package dev.quern.bench.random;

import dev.quern.Engine;
import dev.quern.spi.host.ArrayKernels;
import org.jspecify.annotations.Nullable;

/**
 * What a case runs on.
 *
 * @param name the backend
 * @param engine an engine of it
 * @param arrays its array kernels, or null if it has none
 * @param oneCall whether the one-call forms run on these array kernels
 */
record Device(String name, Engine engine, @Nullable ArrayKernels arrays, boolean oneCall) {}
