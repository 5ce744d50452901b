/** Quern against its peers on the CPU: the same mathematics, in processes that take turns. */
@NullMarked
package dev.quern.bench.peers;

import org.jspecify.annotations.NullMarked;
