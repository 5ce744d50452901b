/** The peer without a library: the loop over arrays that one would write first. */
@NullMarked
package dev.quern.bench.peers.loops;

import org.jspecify.annotations.NullMarked;
