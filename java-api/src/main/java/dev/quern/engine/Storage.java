package dev.quern.engine;

import dev.quern.spi.DeviceBuffer;

/** A block and the tensors that look into it; the last one to close gives it back. */
public final class Storage {
  private final DeviceBuffer buffer;
  private final Runnable release;
  private int references = 1;

  public Storage(DeviceBuffer buffer, Runnable release) {
    this.buffer = buffer;
    this.release = release;
  }

  public void retain() {
    references++;
  }

  public void release() {
    if (--references == 0) {
      release.run();
    }
  }

  /** Returns the block. */
  public DeviceBuffer buffer() {
    return buffer;
  }
}
