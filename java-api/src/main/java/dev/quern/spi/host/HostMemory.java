package dev.quern.spi.host;

import dev.quern.OutOfDeviceMemoryException;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The memory of the CPU backends: native host memory, one shared arena per block. The engine's
 * caching allocator keeps blocks, so the cost of closing a shared arena is paid rarely.
 */
public final class HostMemory implements DeviceMemory {
  private static final PendingDownload DONE = () -> {};

  private final BlockSource source;

  /** Where blocks come from. */
  @FunctionalInterface
  public interface BlockSource {
    /**
     * Takes a block.
     *
     * @param bytes its size, at least 1
     * @param arena what frees it
     * @return memory that lives as long as the arena, aligned to at least 64 bytes
     */
    MemorySegment allocate(long bytes, Arena arena);
  }

  /** Creates memory whose blocks come from {@link Arena#allocate}. */
  public HostMemory() {
    this((bytes, arena) -> arena.allocate(bytes, 64));
  }

  /**
   * Creates memory with blocks of another source.
   *
   * @param source where blocks come from
   */
  public HostMemory(BlockSource source) {
    this.source = source;
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // the buffer closes it
  public DeviceBuffer allocate(long bytes) {
    Arena arena = Arena.ofShared();
    try {
      return new HostBuffer(source.allocate(bytes, arena), arena::close);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new OutOfDeviceMemoryException("The host has no " + bytes + " bytes left: " + e + ".");
    }
  }

  @Override
  public void release(DeviceBuffer buffer) {
    ((HostBuffer) buffer).release();
  }

  @Override
  public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
    MemorySegment.copy(source, 0, block(target), targetOffset, source.byteSize());
  }

  @Override
  public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    MemorySegment.copy(block(source), sourceOffset, target, 0, target.byteSize());
  }

  @Override
  public PendingDownload downloadLater(
      DeviceBuffer source, long sourceOffset, MemorySegment target) {
    download(source, sourceOffset, target);
    return DONE;
  }

  @Override
  public void copy(
      DeviceBuffer source, long sourceOffset, DeviceBuffer target, long targetOffset, long bytes) {
    MemorySegment.copy(block(source), sourceOffset, block(target), targetOffset, bytes);
  }

  /**
   * Uses native memory aligned to 4 bytes as it is. Heap memory is copied: vector loads and stores
   * through heap segments are an order of magnitude slower.
   */
  @Override
  public @Nullable DeviceBuffer wrap(MemorySegment segment) {
    boolean aligned = segment.address() % ValueLayout.JAVA_FLOAT.byteAlignment() == 0;
    return segment.isNative() && aligned ? new HostBuffer(segment, () -> {}) : null;
  }

  @Override
  public MemorySegment hostMemory(DeviceBuffer buffer) {
    return block(buffer);
  }

  private static MemorySegment block(DeviceBuffer buffer) {
    return ((HostBuffer) buffer).segment();
  }
}
