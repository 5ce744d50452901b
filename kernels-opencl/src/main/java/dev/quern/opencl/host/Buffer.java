package dev.quern.opencl.host;

import dev.quern.gpu.host.DeviceBlock;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/** A block of device memory. */
public final class Buffer implements DeviceBlock {
  private final Context context;
  private final cl_mem handle;
  private final Pointer argument;
  private final long byteSize;
  private boolean closed;

  Buffer(Context context, cl_mem handle, long byteSize) {
    this.context = context;
    this.handle = handle;
    this.argument = Pointer.to(handle);
    this.byteSize = byteSize;
  }

  cl_mem handle() {
    return handle;
  }

  /** Points to the handle, as kernel arguments want it. */
  Pointer argument() {
    return argument;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  /** Gives the block back; work already enqueued on it still completes. Idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CL.clReleaseMemObject(handle);
      context.released(byteSize);
    }
  }
}
