package dev.quern.gpu.host;

import dev.quern.DType;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What a plan keeps on the device. It is brought there by the plan's first call, see {@link #kept}.
 */
public final class DeviceTable {
  private final DeviceMemory memory;
  private final DType dtype;
  private final MemorySegment content;
  private final List<DeviceBuffer> kept = new ArrayList<>(1);

  /**
   * Uploads nothing yet.
   *
   * @param memory where it will lie
   * @param dtype of its elements
   * @param content whole elements of host memory, at least one
   */
  public DeviceTable(DeviceMemory memory, DType dtype, MemorySegment content) {
    this.memory = memory;
    this.dtype = dtype;
    this.content = content;
  }

  /**
   * Returns the table on the device; the first time it is uploaded, so under the engine's lock.
   *
   * @return all elements
   */
  public Span span() {
    if (kept.isEmpty()) {
      DeviceBuffer buffer = memory.allocate(content.byteSize());
      try {
        memory.upload(content, buffer, 0);
      } catch (RuntimeException e) {
        memory.release(buffer);
        throw e;
      }
      kept.add(buffer);
    }
    return Span.of(kept.getFirst(), dtype, content.byteSize() / dtype.bytes());
  }

  /**
   * Returns what the engine releases, as {@link dev.quern.spi.Plan#kept} wants it.
   *
   * @return a list that holds the table's buffer from the first call on
   */
  public List<DeviceBuffer> kept() {
    return kept;
  }
}
