package dev.quern.cuda.host;

import jcuda.Pointer;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The in-order queue of one engine: a stream that does not wait for the legacy default stream. With
 * {@code -Dquern.sync=true} each kernel is waited for, which finds the culprit of a failure.
 */
public final class Queue implements AutoCloseable {
  private final Context context;
  private final CUstream handle = new CUstream();
  private final boolean synchronous = Boolean.getBoolean("quern.sync");
  private final @Nullable Nvtx ranges = Nvtx.asked();
  private boolean closed;

  /**
   * Creates a queue.
   *
   * @param context whose device it feeds
   */
  public Queue(Context context) {
    this.context = context;
    context.call(
        "cuStreamCreate",
        () -> JCudaDriver.cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING));
  }

  /** Enqueues a kernel with the arguments set last; nothing for no block. */
  void launch(Kernel kernel, long blocks) {
    Pointer arguments = kernel.complete();
    if (blocks == 0) {
      return;
    }
    int grid = Math.toIntExact(blocks);
    if (ranges == null) {
      enqueue(kernel, grid, arguments);
    } else {
      ranges.push(kernel.name());
      try {
        enqueue(kernel, grid, arguments);
      } finally {
        ranges.pop();
      }
    }
    context.journal().launched(kernel.name());
    if (synchronous) {
      finish();
    }
  }

  private void enqueue(Kernel kernel, int grid, Pointer arguments) {
    context.call(
        "cuLaunchKernel for " + kernel.name(),
        () ->
            JCudaDriver.cuLaunchKernel(
                kernel.handle(), grid, 1, 1, kernel.threads(), 1, 1, 0, handle, arguments, null));
  }

  /**
   * Returns how many kernels were enqueued on this queue's context.
   *
   * @return the number of launches so far
   */
  public long launches() {
    return context.journal().position();
  }

  /** Enqueues a copy from the host. */
  void write(PinnedMemory source, long sourceOffset, Buffer target, long targetOffset, long bytes) {
    context.call(
        "cuMemcpyHtoDAsync",
        () ->
            JCudaDriver.cuMemcpyHtoDAsync(
                target.at(targetOffset), source.at(sourceOffset), bytes, handle));
  }

  /** Enqueues a copy to the host. */
  void read(Buffer source, long sourceOffset, PinnedMemory target, long targetOffset, long bytes) {
    context.call(
        "cuMemcpyDtoHAsync",
        () ->
            JCudaDriver.cuMemcpyDtoHAsync(
                target.at(targetOffset), source.at(sourceOffset), bytes, handle));
  }

  /**
   * Enqueues a copy within the device.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target the block written
   * @param targetOffset where in it, in bytes
   * @param bytes how much; may be 0
   */
  public void copy(Buffer source, long sourceOffset, Buffer target, long targetOffset, long bytes) {
    if (bytes > 0) {
      context.call(
          "cuMemcpyDtoDAsync",
          () ->
              JCudaDriver.cuMemcpyDtoDAsync(
                  target.at(targetOffset), source.at(sourceOffset), bytes, handle));
    }
  }

  /** Marks what was enqueued so far. */
  Event mark() {
    return new Event(context, handle);
  }

  /**
   * Waits until everything enqueued is done.
   *
   * @throws dev.quern.DeviceException if any of it failed
   */
  public void finish() {
    long launches = context.journal().position();
    context.call("cuStreamSynchronize", () -> JCudaDriver.cuStreamSynchronize(handle));
    context.journal().succeeded(launches);
  }

  /** Waits for what is under way, as far as the device still answers; never throws. */
  public void settle() {
    context.release("cuStreamSynchronize", () -> JCudaDriver.cuStreamSynchronize(handle));
  }

  /** Waits for what is under way, as far as the device still answers, and closes. Idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      settle();
      context.release("cuStreamDestroy", () -> JCudaDriver.cuStreamDestroy(handle));
    }
  }
}
