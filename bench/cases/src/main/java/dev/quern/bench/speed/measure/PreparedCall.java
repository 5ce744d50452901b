package dev.quern.bench.speed.measure;

/**
 * A call whose operands lie in the device's memory, until it is closed.
 *
 * @param call the call
 * @param release gives the memory back
 */
record PreparedCall(Runnable call, Runnable release) implements AutoCloseable {

  @Override
  public void close() {
    release.run();
  }
}
