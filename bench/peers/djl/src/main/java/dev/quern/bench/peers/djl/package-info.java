/** Deep Java Library with its PyTorch engine. */
@NullMarked
package dev.quern.bench.peers.djl;

import org.jspecify.annotations.NullMarked;
