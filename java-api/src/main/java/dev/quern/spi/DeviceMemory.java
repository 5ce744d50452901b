package dev.quern.spi;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Blocks of device memory and the copies between them and the host. */
public interface DeviceMemory extends Observed {
  /**
   * Takes a block from the device. Its content is undefined. Its start is aligned to at least 64
   * bytes.
   *
   * @param bytes its size, at least 1
   * @return the block
   * @throws dev.quern.OutOfDeviceMemoryException if the device has not that much left
   */
  DeviceBuffer allocate(long bytes);

  /**
   * Gives a block back; work already enqueued on it still completes.
   *
   * @param buffer a block of {@link #allocate} or {@link #wrap}, not used afterwards
   */
  void release(DeviceBuffer buffer);

  /**
   * Copies from the host, in queue order. The source may be changed as soon as this returns.
   *
   * @param source host memory, heap or native, of any size
   * @param target the block written
   * @param targetOffset where in it, in bytes
   */
  void upload(MemorySegment source, DeviceBuffer target, long targetOffset);

  /**
   * Copies to the host, in queue order, and waits for it.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target host memory, heap or native; its size says how much is copied
   */
  void download(DeviceBuffer source, long sourceOffset, MemorySegment target);

  /**
   * Enqueues a copy to the host and returns at once, so that a value can be read a step late
   * without stopping the queue.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target native host memory that stays alive until the copy was awaited
   * @return the copy under way
   */
  PendingDownload downloadLater(DeviceBuffer source, long sourceOffset, MemorySegment target);

  /**
   * Copies within the device, in queue order.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target the block written; the ranges do not overlap
   * @param targetOffset where in it, in bytes
   * @param bytes how much
   */
  void copy(
      DeviceBuffer source, long sourceOffset, DeviceBuffer target, long targetOffset, long bytes);

  /**
   * Uses host memory as a block without copying, where the device can.
   *
   * @param segment host memory that outlives the block
   * @return the block, or null if this memory has to be copied
   */
  @Nullable DeviceBuffer wrap(MemorySegment segment);

  /**
   * Looks at a block as host memory.
   *
   * @param buffer a block of this memory
   * @return the block's bytes, valid until it is released; null if the host cannot reach them
   */
  default @Nullable MemorySegment hostMemory(DeviceBuffer buffer) {
    return null;
  }
}
