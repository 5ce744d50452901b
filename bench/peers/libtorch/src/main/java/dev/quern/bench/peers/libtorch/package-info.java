/** LibTorch through JavaCPP: TorchScript, eager operations, autograd. */
@NullMarked
package dev.quern.bench.peers.libtorch;

import org.jspecify.annotations.NullMarked;
