package dev.quern.opencl.host;

import dev.quern.OutOfDeviceMemoryException;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;

/** A context of one device: what buffers, programs and queues belong to. */
public final class Context implements AutoCloseable {
  private final Device device;
  private final cl_context handle;
  private boolean closed;

  /**
   * Creates a context.
   *
   * @param device its device
   * @throws dev.quern.DeviceException if the driver refuses
   */
  public Context(Device device) {
    this.device = device;
    var properties = new cl_context_properties();
    properties.addProperty(CL.CL_CONTEXT_PLATFORM, device.platform());
    try {
      this.handle =
          CL.clCreateContext(properties, 1, new cl_device_id[] {device.id()}, null, null, null);
    } catch (CLException e) {
      throw Failure.of("clCreateContext", e);
    }
  }

  /**
   * Returns its device.
   *
   * @return its device
   */
  public Device device() {
    return device;
  }

  cl_context handle() {
    return handle;
  }

  /**
   * Takes a block of device memory.
   *
   * @param bytes its size, at least 1
   * @return the block, owned by the caller
   * @throws OutOfDeviceMemoryException if the device has not that much left
   */
  public Buffer allocate(long bytes) {
    return create(CL.CL_MEM_READ_WRITE, bytes);
  }

  /** Takes a block that lies where host and device both reach it fast. */
  Buffer allocatePinned(long bytes) {
    return create(CL.CL_MEM_READ_WRITE | CL.CL_MEM_ALLOC_HOST_PTR, bytes);
  }

  private Buffer create(long flags, long bytes) {
    try {
      return new Buffer(CL.clCreateBuffer(handle, flags, bytes, null, null), bytes);
    } catch (CLException e) {
      boolean tooLarge = e.getStatus() == CL.CL_INVALID_BUFFER_SIZE;
      if (tooLarge || e.getStatus() == CL.CL_OUT_OF_RESOURCES || Failure.isOutOfMemory(e)) {
        throw new OutOfDeviceMemoryException(
            "%s has no block of %d bytes left (%s): it has %d bytes in all, at most %d in one block."
                .formatted(
                    device.name(),
                    bytes,
                    Failure.name(e),
                    device.memoryBytes(),
                    device.largestBlock()));
      }
      throw Failure.of("clCreateBuffer of " + bytes + " bytes", e);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CL.clReleaseContext(handle);
    }
  }
}
