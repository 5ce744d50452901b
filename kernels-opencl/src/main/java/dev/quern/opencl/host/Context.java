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
  private long allocated;
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

  /** Many drivers promise more than there is and fail later, so what was taken is counted here. */
  private Buffer create(long flags, long bytes) {
    if (bytes > device.memoryBytes() - allocated) {
      throw outOfMemory(bytes, "counted");
    }
    try {
      var buffer = new Buffer(this, CL.clCreateBuffer(handle, flags, bytes, null, null), bytes);
      allocated += bytes;
      return buffer;
    } catch (CLException e) {
      boolean tooLarge = e.getStatus() == CL.CL_INVALID_BUFFER_SIZE;
      if (tooLarge || e.getStatus() == CL.CL_OUT_OF_RESOURCES || Failure.isOutOfMemory(e)) {
        throw outOfMemory(bytes, Failure.name(e));
      }
      throw Failure.of("clCreateBuffer of " + bytes + " bytes", e);
    }
  }

  private OutOfDeviceMemoryException outOfMemory(long bytes, String source) {
    return new OutOfDeviceMemoryException(
        "%s has no block of %d bytes left (%s): %d of its %d bytes are taken here, and at most %d go into one block."
            .formatted(
                device.name(),
                bytes,
                source,
                allocated,
                device.memoryBytes(),
                device.largestBlock()));
  }

  /** Notes that a block was given back. */
  void released(long bytes) {
    allocated -= bytes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CL.clReleaseContext(handle);
    }
  }
}
