/**
 * Random cases: specifications, shapes, memory and values drawn from a seed, computed on a backend
 * and judged by the definitions in {@link dev.quern.bench.definition}.
 */
@NullMarked
package dev.quern.bench.random;

import org.jspecify.annotations.NullMarked;
