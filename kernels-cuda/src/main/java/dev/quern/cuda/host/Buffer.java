package dev.quern.cuda.host;

import dev.quern.gpu.host.DeviceBlock;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/** A block of device memory. */
public final class Buffer implements DeviceBlock {
  private final Context context;
  private final DevicePointer start;
  private final long byteSize;
  private boolean closed;

  Buffer(Context context, DevicePointer start, long byteSize) {
    this.context = context;
    this.start = start;
    this.byteSize = byteSize;
  }

  /**
   * Returns where it lies.
   *
   * @return the address of its first byte, as kernels see it
   */
  public long address() {
    return start.address();
  }

  /** Points into it, as JCuda wants it. */
  CUdeviceptr at(long offset) {
    return start.withByteOffset(offset);
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  /** Waits for what is under way on the device and gives the block back. Idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.release("cuMemFree", () -> JCudaDriver.cuMemFree(start));
    }
  }
}
