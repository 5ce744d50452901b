package dev.quern.opencl.host;

import dev.quern.gpu.host.Mark;
import dev.quern.gpu.host.StagingRing;
import dev.quern.gpu.host.TransferQueue;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.MemorySegment;

/** Transfers on a queue, with a buffer that the driver pins and the host sees as its memory. */
public final class Staging implements TransferQueue {
  private final Context context;
  private final Queue queue;
  private final Buffer buffer;
  private final MemorySegment memory;

  /**
   * Takes the memory.
   *
   * @param context whose device it serves
   * @param queue where transfers go
   */
  public Staging(Context context, Queue queue) {
    this.context = context;
    this.queue = queue;
    this.buffer = context.allocatePinned(StagingRing.CAPACITY);
    try {
      this.memory = queue.map(buffer);
    } catch (RuntimeException e) {
      buffer.close();
      throw e;
    }
  }

  @Override
  public Buffer allocate(long bytes) {
    return context.allocate(bytes);
  }

  @Override
  public MemorySegment pinned() {
    return memory;
  }

  @Override
  public Mark write(long place, DeviceBuffer target, long targetOffset, long bytes) {
    return queue.write(memory.asSlice(place, bytes), (Buffer) target, targetOffset);
  }

  @Override
  public void read(DeviceBuffer source, long sourceOffset, long place, long bytes) {
    queue.read((Buffer) source, sourceOffset, memory.asSlice(place, bytes));
  }

  @Override
  public PendingDownload readLater(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    return queue.readLater((Buffer) source, sourceOffset, target);
  }

  @Override
  public void copy(
      DeviceBuffer source, long sourceOffset, DeviceBuffer target, long targetOffset, long bytes) {
    queue.copy((Buffer) source, sourceOffset, (Buffer) target, targetOffset, bytes);
  }

  @Override
  public void close() {
    queue.unmap(buffer, memory);
    buffer.close();
  }
}
