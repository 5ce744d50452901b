package dev.quern;

import dev.quern.spi.DeviceBuffer;

/** A block and the tensors that look into it; the last one to close gives it back. */
final class Storage {
  final DeviceBuffer buffer;
  private final Runnable release;
  private int references = 1;

  Storage(DeviceBuffer buffer, Runnable release) {
    this.buffer = buffer;
    this.release = release;
  }

  void retain() {
    references++;
  }

  void release() {
    if (--references == 0) {
      release.run();
    }
  }
}
