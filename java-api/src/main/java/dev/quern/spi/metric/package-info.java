/** The contract of the metrics: confusion counts. */
package dev.quern.spi.metric;
