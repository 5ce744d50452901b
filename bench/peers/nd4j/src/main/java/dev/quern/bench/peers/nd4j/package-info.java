/** ND4J on its native backend. */
@NullMarked
package dev.quern.bench.peers.nd4j;

import org.jspecify.annotations.NullMarked;
