package dev.quern.gpu.host;

import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.MemorySegment;

/**
 * What moves data on a platform: blocks of device memory, and copies on the queue of the kernels,
 * in their order. Buffers are blocks that {@link #allocate} gave.
 */
public interface TransferQueue extends AutoCloseable {
  /**
   * Takes a block of device memory.
   *
   * @param bytes its size, at least 1
   * @return the block, owned by the caller
   * @throws dev.quern.OutOfDeviceMemoryException if the device has not that much left
   */
  DeviceBlock allocate(long bytes);

  /**
   * Returns the host memory that {@link #write} and {@link #read} pass through. The device copies
   * from and to it several times faster than from the heap, and uploads leave the host free to go
   * on.
   *
   * @return pinned memory, the same at every call
   */
  MemorySegment pinned();

  /**
   * Enqueues a copy to the device.
   *
   * @param place where in the pinned memory the data lies, which stays unchanged until the mark
   * @param target the block written
   * @param targetOffset where in it, in bytes
   * @param bytes how much, at least 1
   * @return the end of the copy
   */
  Mark write(long place, DeviceBuffer target, long targetOffset, long bytes);

  /**
   * Copies to the host and waits for it.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param place where in the pinned memory the data goes
   * @param bytes how much, at least 1
   */
  void read(DeviceBuffer source, long sourceOffset, long place, long bytes);

  /**
   * Enqueues a copy to the host and returns at once.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target native host memory that stays alive until the copy is awaited
   * @return the copy under way
   */
  PendingDownload readLater(DeviceBuffer source, long sourceOffset, MemorySegment target);

  /**
   * Enqueues a copy within the device.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target the block written
   * @param targetOffset where in it, in bytes
   * @param bytes how much; may be 0
   */
  void copy(
      DeviceBuffer source, long sourceOffset, DeviceBuffer target, long targetOffset, long bytes);

  /** Gives the pinned memory back; no copy is awaited any more. */
  @Override
  void close();
}
