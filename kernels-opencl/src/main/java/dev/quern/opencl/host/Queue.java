package dev.quern.opencl.host;

import dev.quern.DeviceException;
import dev.quern.OutOfDeviceMemoryException;
import dev.quern.gpu.host.Journal;
import java.lang.foreign.MemorySegment;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_command_queue;
import org.jspecify.annotations.Nullable;

/**
 * The in-order queue of one device. A kernel's failure surfaces at a later call, whose exception
 * names the kernels enqueued since the last success; from then on the queue is lost and every call
 * repeats that exception's message. With {@code -Dquern.sync=true} each kernel is waited for.
 */
public final class Queue implements AutoCloseable {
  private final cl_command_queue handle;
  private final Transfers transfers;
  private final Journal journal = new Journal();
  private final boolean synchronous = Boolean.getBoolean("quern.sync");
  private final long[] globalSize = new long[1];
  private final long[] localSize = new long[1];
  private @Nullable DeviceException lost;
  private boolean closed;

  /**
   * Creates a queue.
   *
   * @param context whose device it feeds
   */
  @SuppressWarnings("deprecation") // its successor is missing from OpenCL 1.2
  public Queue(Context context) {
    try {
      this.handle = CL.clCreateCommandQueue(context.handle(), context.device().id(), 0, null);
    } catch (CLException e) {
      throw Failure.of("clCreateCommandQueue", e);
    }
    this.transfers = new Transfers(handle);
  }

  /** Enqueues a kernel with the arguments set last; nothing for no group. */
  void launch(Kernel kernel, long groups) {
    if (groups == 0) {
      return;
    }
    checkUsable();
    globalSize[0] = groups * kernel.groupSize();
    localSize[0] = kernel.groupSize();
    try {
      CL.clEnqueueNDRangeKernel(
          handle, kernel.handle(), 1, null, globalSize, localSize, 0, null, null);
    } catch (CLException e) {
      throw Failure.of("clEnqueueNDRangeKernel for " + kernel.name(), e, journal.suspects());
    }
    journal.launched(kernel.name());
    if (synchronous) {
      finish();
    }
  }

  /**
   * Returns how many kernels were enqueued.
   *
   * @return the number of launches so far
   */
  public long launches() {
    return journal.position();
  }

  /**
   * Enqueues a copy from the host.
   *
   * @param source native host memory that stays unchanged until the event
   * @param target the block written
   * @param targetOffset where in it, in bytes
   * @return the end of the copy
   */
  Event write(MemorySegment source, Buffer target, long targetOffset) {
    checkUsable();
    try {
      long event = transfers.write(source, target, targetOffset);
      return new Event(this, event, journal.position());
    } catch (CLException e) {
      throw Failure.of("clEnqueueWriteBuffer", e, journal.suspects());
    }
  }

  /** Copies to native host memory and waits for it. */
  void read(Buffer source, long sourceOffset, MemorySegment target) {
    checkUsable();
    try {
      transfers.read(source, sourceOffset, target);
    } catch (CLException e) {
      throw lose("clEnqueueReadBuffer", e);
    }
    journal.succeeded(journal.position());
  }

  /**
   * Enqueues a copy to the host.
   *
   * @param source the block read
   * @param sourceOffset where in it, in bytes
   * @param target native host memory that stays alive until the event
   * @return the end of the copy
   */
  public Event readLater(Buffer source, long sourceOffset, MemorySegment target) {
    checkUsable();
    try {
      long event = transfers.readLater(source, sourceOffset, target);
      CL.clFlush(handle);
      return new Event(this, event, journal.position());
    } catch (CLException e) {
      throw Failure.of("clEnqueueReadBuffer", e, journal.suspects());
    }
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
    if (bytes == 0) {
      return;
    }
    checkUsable();
    try {
      CL.clEnqueueCopyBuffer(
          handle,
          source.handle(),
          target.handle(),
          sourceOffset,
          targetOffset,
          bytes,
          0,
          null,
          null);
    } catch (CLException e) {
      throw Failure.of("clEnqueueCopyBuffer", e, journal.suspects());
    }
  }

  /** Makes a block's memory visible to the host, for as long as the block lives. */
  MemorySegment map(Buffer buffer) {
    checkUsable();
    try {
      return MemorySegment.ofBuffer(
          CL.clEnqueueMapBuffer(
              handle,
              buffer.handle(),
              true,
              CL.CL_MAP_READ | CL.CL_MAP_WRITE,
              0,
              buffer.byteSize(),
              0,
              null,
              null,
              null));
    } catch (CLException e) {
      throw lose("clEnqueueMapBuffer", e);
    }
  }

  /** Undoes {@link #map}. */
  void unmap(Buffer buffer, MemorySegment memory) {
    try {
      transfers.unmap(buffer, memory);
    } catch (CLException e) {
      logClosing(e);
    }
  }

  void await(long event, long launchesBefore) {
    checkUsable();
    try {
      transfers.await(event);
    } catch (CLException e) {
      throw lose("clWaitForEvents", e);
    } finally {
      transfers.release(event);
    }
    journal.succeeded(launchesBefore);
  }

  void abandon(long event) {
    transfers.release(event);
  }

  /**
   * Waits until everything enqueued is done.
   *
   * @throws DeviceException if any of it failed
   */
  public void finish() {
    checkUsable();
    try {
      CL.clFinish(handle);
    } catch (CLException e) {
      throw lose("clFinish", e);
    }
    journal.succeeded(journal.position());
  }

  private void checkUsable() {
    if (lost != null) {
      throw new DeviceException(
          "The device was lost earlier and its engine has to be closed: " + lost.getMessage(),
          lost);
    }
  }

  private DeviceException lose(String call, CLException e) {
    DeviceException failure = Failure.of(call, e, journal.suspects());
    if (!(failure instanceof OutOfDeviceMemoryException)) {
      lost = failure;
    }
    return failure;
  }

  private static void logClosing(CLException e) {
    System.getLogger(Queue.class.getName())
        .log(System.Logger.Level.DEBUG, "Closing a queue with failed work.", e);
  }

  /** Waits for what is under way, as far as the device still answers; never throws. */
  public void settle() {
    try {
      CL.clFinish(handle);
    } catch (CLException e) {
      logClosing(e);
    }
  }

  /** Waits for what is under way, as far as the device still answers, and closes. Idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      settle();
      CL.clReleaseCommandQueue(handle);
    }
  }
}
