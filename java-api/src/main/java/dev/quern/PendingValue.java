package dev.quern;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.PendingDownload;
import java.lang.foreign.MemorySegment;

/** A single number on its way to the host, read a step late so that the queue never stops. */
public final class PendingValue {
  private final Engine engine;
  private final MemorySegment slot;
  private final PendingDownload download;
  private float value;
  private boolean done;

  PendingValue(Engine engine, MemorySegment slot, PendingDownload download) {
    this.engine = engine;
    this.slot = slot;
    this.download = download;
  }

  /**
   * Waits for the number; the same answer every time.
   *
   * @return the number
   * @throws DeviceException if the work before it failed
   */
  public synchronized float await() {
    if (!done) {
      download.await();
      value = slot.get(JAVA_FLOAT, 0);
      done = true;
      engine.returnSlot(slot);
    }
    return value;
  }
}
