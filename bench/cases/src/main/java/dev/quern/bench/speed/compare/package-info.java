/** Two builds of one program against each other, by runs of both. */
package dev.quern.bench.speed.compare;
