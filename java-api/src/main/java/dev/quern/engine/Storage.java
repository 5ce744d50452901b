package dev.quern.engine;

import dev.quern.spi.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;

/** A block and the tensors that look into it; the last one to close gives it back. */
public final class Storage {
  private final DeviceBuffer buffer;
  private final Runnable release;
  private final List<Write> writes = new ArrayList<>();
  private int references = 1;
  private long versions;

  /** The last time that a range was overwritten. */
  private record Write(long from, long to, long version) {}

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

  /** Remembers that bytes were overwritten. */
  public void written(long from, long bytes) {
    long to = from + bytes;
    writes.removeIf(write -> write.from >= from && write.to <= to);
    writes.add(new Write(from, to, ++versions));
  }

  /** The number of the last time that any of some bytes was overwritten; 0 if never. */
  public long version(long from, long bytes) {
    long version = 0;
    for (Write write : writes) {
      if (write.from < from + bytes && from < write.to) {
        version = Math.max(version, write.version);
      }
    }
    return version;
  }

  /** Returns the block. */
  public DeviceBuffer buffer() {
    return buffer;
  }
}
