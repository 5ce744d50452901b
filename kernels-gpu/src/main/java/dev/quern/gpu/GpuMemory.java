package dev.quern.gpu;

import dev.quern.gpu.host.DeviceBlock;
import dev.quern.gpu.host.StagingRing;
import dev.quern.gpu.host.TransferQueue;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The device's memory: the platform's blocks, and transfers through pinned host memory. */
final class GpuMemory implements DeviceMemory, AutoCloseable {
  private final TransferQueue queue;
  private final StagingRing staging;
  private final Set<DeviceBlock> blocks = Collections.newSetFromMap(new IdentityHashMap<>());

  GpuMemory(TransferQueue queue) {
    this.queue = queue;
    this.staging = new StagingRing(queue);
  }

  @Override
  public DeviceBuffer allocate(long bytes) {
    DeviceBlock block = queue.allocate(bytes);
    blocks.add(block);
    return block;
  }

  @Override
  public void release(DeviceBuffer buffer) {
    DeviceBlock block = (DeviceBlock) buffer;
    blocks.remove(block);
    block.close();
  }

  @Override
  public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
    staging.upload(source, target, targetOffset);
  }

  @Override
  public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    staging.download(source, sourceOffset, target);
  }

  @Override
  public PendingDownload downloadLater(
      DeviceBuffer source, long sourceOffset, MemorySegment target) {
    return queue.readLater(source, sourceOffset, target);
  }

  @Override
  public void copy(
      DeviceBuffer source, long sourceOffset, DeviceBuffer target, long targetOffset, long bytes) {
    queue.copy(source, sourceOffset, target, targetOffset, bytes);
  }

  /**
   * Always copies: a kernel that reads host memory in place is bound by the bus, and OpenCL leaves
   * it to the driver whether it does.
   */
  @Override
  public @Nullable DeviceBuffer wrap(MemorySegment segment) {
    return null;
  }

  @Override
  public void close() {
    staging.close();
    queue.close();
    blocks.forEach(DeviceBlock::close);
    blocks.clear();
  }
}
