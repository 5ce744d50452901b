package dev.quern.cuda.host;

import dev.quern.DeviceException;
import dev.quern.OutOfDeviceMemoryException;
import dev.quern.gpu.host.Journal;
import java.util.function.IntSupplier;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * What one engine does on a device: all its calls pass through here. A kernel's failure surfaces at
 * a later call, whose exception names the kernels enqueued since the last success; if it breaks the
 * context, every later call of every engine on it repeats the first cause.
 */
public final class Context implements AutoCloseable {
  private final Device device;
  private final PrimaryContext primary;
  private final Journal journal = new Journal();
  private boolean closed;

  /**
   * Retains the device's primary context.
   *
   * @param device the device
   * @throws DeviceException if the driver refuses
   */
  public Context(Device device) {
    this.device = device;
    this.primary = PrimaryContext.retain(device.ordinal());
  }

  /**
   * Returns its device.
   *
   * @return its device
   */
  public Device device() {
    return device;
  }

  Journal journal() {
    return journal;
  }

  /** Makes a call with this context current on the calling thread. */
  void call(String name, IntSupplier call) {
    Failure failure = attempt(name, call);
    if (failure != null) {
      throw failed(failure);
    }
  }

  /**
   * Makes a call that only gives something back: a failure is logged, since there is nothing that
   * the caller could do.
   */
  void release(String name, IntSupplier call) {
    Failure failure = Failure.of(name, () -> primary.makeCurrent());
    failure = failure == null ? Failure.of(name, call) : failure;
    if (failure != null) {
      System.getLogger(Context.class.getName())
          .log(System.Logger.Level.DEBUG, failure.exception("").getMessage());
    }
  }

  private @Nullable Failure attempt(String name, IntSupplier call) {
    DeviceException lost = primary.lost();
    if (lost != null) {
      throw new DeviceException(
          "The device was lost earlier and its engines have to be closed: " + lost.getMessage(),
          lost);
    }
    Failure failure = Failure.of("cuCtxSetCurrent", () -> primary.makeCurrent());
    return failure == null ? Failure.of(name, call) : failure;
  }

  private DeviceException failed(Failure failure) {
    DeviceException exception = failure.exception(journal.suspects());
    if (failure.isSticky()) {
      primary.lose(exception);
    }
    return exception;
  }

  /**
   * Takes a block of device memory.
   *
   * @param bytes its size, at least 1
   * @return the block, owned by the caller
   * @throws OutOfDeviceMemoryException if the device has not that much left
   */
  public Buffer allocate(long bytes) {
    var address = new DevicePointer();
    Failure failure = attempt("cuMemAlloc", () -> JCudaDriver.cuMemAlloc(address, bytes));
    if (failure == null) {
      return new Buffer(this, address, bytes);
    }
    if (!failure.isOutOfMemory()) {
      throw failed(failure);
    }
    long[] free = new long[1];
    long[] total = new long[1];
    call("cuMemGetInfo", () -> JCudaDriver.cuMemGetInfo(free, total));
    throw new OutOfDeviceMemoryException(
        "%s has no block of %d bytes left: %d of its %d bytes are free."
            .formatted(device.name(), bytes, free[0], total[0]));
  }

  /** Takes a block of host memory that the device reads and writes directly. */
  PinnedMemory allocatePinned(long bytes) {
    var pointer = new Pointer();
    Failure failure = attempt("cuMemAllocHost", () -> JCudaDriver.cuMemAllocHost(pointer, bytes));
    if (failure == null) {
      return new PinnedMemory(this, pointer, bytes);
    }
    if (failure.isOutOfMemory()) {
      throw new OutOfDeviceMemoryException(
          "The host has no block of "
              + bytes
              + " bytes left that could be pinned: raise the limit of locked memory (ulimit -l), or"
              + " free memory.");
    }
    throw failed(failure);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      primary.release();
    }
  }
}
