/**
 * Quern against its peers on the CPU: the same mathematics, in processes that take turns. What a
 * peer must give is {@link Peer}; {@link PeerTable} compares.
 */
@NullMarked
package dev.quern.bench.peers;

import org.jspecify.annotations.NullMarked;
