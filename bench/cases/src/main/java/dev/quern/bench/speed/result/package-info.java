/** What a run of the benchmark found, as JSON and as text. */
package dev.quern.bench.speed.result;
