package dev.quern.opencl.host;

import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;
import org.jspecify.annotations.Nullable;

/** An entry of a program, whose arguments go to the driver one by one. */
public final class Kernel implements Launch, AutoCloseable {
  private final String name;
  private final cl_kernel handle;
  private final Queue queue;
  private final int groupSize;
  private final ByteBuffer scalar =
      ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder());
  private final Pointer scalarPointer = Pointer.to(scalar);
  private int index;
  private boolean closed;

  Kernel(String name, cl_kernel handle, Queue queue, int groupSize) {
    this.name = name;
    this.handle = handle;
    this.queue = queue;
    this.groupSize = groupSize;
  }

  String name() {
    return name;
  }

  cl_kernel handle() {
    return handle;
  }

  int groupSize() {
    return groupSize;
  }

  @Override
  public Kernel restart() {
    index = 0;
    return this;
  }

  /** Two arguments: the buffer, and the offset in elements. */
  @Override
  public Kernel tensor(Span span) {
    return pointer((Buffer) span.buffer(), span.offset());
  }

  @Override
  public Kernel tensorOrNull(@Nullable Span span) {
    if (span != null) {
      return tensor(span);
    }
    set(Sizeof.cl_mem, null);
    return scalar(0L);
  }

  @Override
  public Kernel scratch(Span scratch, long firstByte, int elementBytes) {
    return pointer((Buffer) scratch.buffer(), (scratch.byteOffset() + firstByte) / elementBytes);
  }

  private Kernel pointer(Buffer buffer, long offset) {
    set(Sizeof.cl_mem, buffer.argument());
    return scalar(offset);
  }

  @Override
  public Kernel scalar(long value) {
    scalar.putLong(0, value);
    set(Long.BYTES, scalarPointer);
    return this;
  }

  @Override
  public Kernel scalar(int value) {
    scalar.putInt(0, value);
    set(Integer.BYTES, scalarPointer);
    return this;
  }

  @Override
  public Kernel scalar(float value) {
    scalar.putFloat(0, value);
    set(Float.BYTES, scalarPointer);
    return this;
  }

  @Override
  public Kernel scalar(byte value) {
    scalar.put(0, value);
    set(Byte.BYTES, scalarPointer);
    return this;
  }

  private void set(long bytes, @Nullable Pointer value) {
    int argument = index++;
    try {
      CL.clSetKernelArg(handle, argument, bytes, value);
    } catch (CLException e) {
      index = 0;
      throw Failure.of("clSetKernelArg for argument " + argument + " of " + name, e);
    }
  }

  @Override
  public void enqueue(long groups) {
    index = 0;
    queue.launch(this, groups);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CL.clReleaseKernel(handle);
    }
  }
}
