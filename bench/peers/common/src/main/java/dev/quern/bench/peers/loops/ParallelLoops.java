package dev.quern.bench.peers.loops;

/** Plain loops in parallel streams. */
public final class ParallelLoops extends Loops {

  /** For the service loader. */
  public ParallelLoops() {
    super("parallel-loops", Sweep.PARALLEL_STREAM);
  }
}
