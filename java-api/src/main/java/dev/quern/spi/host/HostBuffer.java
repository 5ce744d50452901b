package dev.quern.spi.host;

import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/** A block of host memory, as the CPU backends use it. */
public final class HostBuffer implements DeviceBuffer {
  private final MemorySegment segment;
  private final Runnable release;

  HostBuffer(MemorySegment segment, Runnable release) {
    this.segment = segment;
    this.release = release;
  }

  /**
   * Returns the memory a span covers.
   *
   * @param span a span of a host buffer
   * @return its bytes
   */
  public static MemorySegment segment(Span span) {
    MemorySegment whole = ((HostBuffer) span.buffer()).segment;
    return whole.asSlice(span.byteOffset(), span.byteSize());
  }

  /**
   * Returns the whole block.
   *
   * @return the block's memory
   */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public long byteSize() {
    return segment.byteSize();
  }

  void release() {
    release.run();
  }
}
