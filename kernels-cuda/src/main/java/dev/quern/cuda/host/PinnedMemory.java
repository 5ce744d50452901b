package dev.quern.cuda.host;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/**
 * Host memory that stays where it is: the device copies from and to it directly, and behind the
 * host's back.
 */
final class PinnedMemory implements AutoCloseable {
  private final Context context;
  private final Pointer pointer;
  private final MemorySegment segment;
  private boolean closed;

  PinnedMemory(Context context, Pointer pointer, long bytes) {
    this.context = context;
    this.pointer = pointer;
    this.segment = MemorySegment.ofBuffer(pointer.getByteBuffer(0, bytes));
  }

  MemorySegment segment() {
    return segment;
  }

  /** Points into it, as JCuda wants it. */
  Pointer at(long offset) {
    return pointer.withByteOffset(offset);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.release("cuMemFreeHost", () -> JCudaDriver.cuMemFreeHost(pointer));
    }
  }
}
