package dev.quern.cuda;

import dev.quern.cuda.host.Buffer;
import dev.quern.cuda.host.Context;
import dev.quern.cuda.host.Queue;
import dev.quern.cuda.host.Staging;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.PendingDownload;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The device's memory: CUDA buffers, and transfers through pinned host memory. */
final class CudaMemory implements DeviceMemory, AutoCloseable {
  private final Context context;
  private final Queue queue;
  private final Staging staging;
  private final Set<Buffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());

  CudaMemory(Context context, Queue queue) {
    this.context = context;
    this.queue = queue;
    this.staging = new Staging(context, queue);
  }

  @Override
  public Buffer allocate(long bytes) {
    Buffer buffer = context.allocate(bytes);
    buffers.add(buffer);
    return buffer;
  }

  @Override
  public void release(DeviceBuffer buffer) {
    buffers.remove(buffer);
    ((Buffer) buffer).close();
  }

  @Override
  public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
    staging.upload(source, (Buffer) target, targetOffset);
  }

  @Override
  public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    staging.download((Buffer) source, sourceOffset, target);
  }

  @Override
  public PendingDownload downloadLater(
      DeviceBuffer source, long sourceOffset, MemorySegment target) {
    return staging.downloadLater((Buffer) source, sourceOffset, target);
  }

  @Override
  public void copy(
      DeviceBuffer source, long sourceOffset, DeviceBuffer target, long targetOffset, long bytes) {
    queue.copy((Buffer) source, sourceOffset, (Buffer) target, targetOffset, bytes);
  }

  /** Always copies: a kernel that reads host memory in place is bound by the bus. */
  @Override
  public @Nullable DeviceBuffer wrap(MemorySegment segment) {
    return null;
  }

  @Override
  public void close() {
    staging.close();
    buffers.forEach(Buffer::close);
    buffers.clear();
  }
}
