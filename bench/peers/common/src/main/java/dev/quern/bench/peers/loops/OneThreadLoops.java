package dev.quern.bench.peers.loops;

/** Plain loops on one thread. */
public final class OneThreadLoops extends Loops {

  /** For the service loader. */
  public OneThreadLoops() {
    super("loops", Sweep.ONE_THREAD);
  }
}
