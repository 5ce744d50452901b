package dev.quern.opencl.host;

import dev.quern.spi.Span;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a program. Arguments are set one after another, in the order of the kernel's
 * signature; {@link Queue#launch} takes them and starts over.
 */
public final class Kernel implements AutoCloseable {
  private final String name;
  private final cl_kernel handle;
  private final ByteBuffer scalar =
      ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder());
  private final Pointer scalarPointer = Pointer.to(scalar);
  private int index;
  private boolean closed;

  Kernel(String name, cl_kernel handle) {
    this.name = name;
    this.handle = handle;
  }

  /**
   * Returns its name.
   *
   * @return its name
   */
  public String name() {
    return name;
  }

  cl_kernel handle() {
    return handle;
  }

  /**
   * Sets a tensor argument: buffer, and offset in elements.
   *
   * @param span what it covers
   * @return this
   */
  public Kernel tensor(Span span) {
    return pointer((Buffer) span.buffer(), span.offset());
  }

  /**
   * Sets a tensor argument that may be absent.
   *
   * @param span what it covers, or null for a null pointer
   * @return this
   */
  public Kernel tensorOrNull(@Nullable Span span) {
    if (span != null) {
      return tensor(span);
    }
    set(Sizeof.cl_mem, null);
    return scalar(0L);
  }

  /**
   * Sets a tensor argument that lies in scratch memory.
   *
   * @param scratch U8
   * @param firstByte where in it, a multiple of {@code elementBytes}
   * @param elementBytes the size of the kernel's element type
   * @return this
   */
  public Kernel scratch(Span scratch, long firstByte, int elementBytes) {
    return pointer((Buffer) scratch.buffer(), (scratch.byteOffset() + firstByte) / elementBytes);
  }

  /**
   * Sets a tensor argument.
   *
   * @param buffer the block
   * @param offset where in it, in elements
   * @return this
   */
  public Kernel pointer(Buffer buffer, long offset) {
    set(Sizeof.cl_mem, buffer.argument());
    return scalar(offset);
  }

  /**
   * Sets a long argument.
   *
   * @param value the value
   * @return this
   */
  public Kernel scalar(long value) {
    scalar.putLong(0, value);
    set(Long.BYTES, scalarPointer);
    return this;
  }

  /**
   * Sets an int or uint argument.
   *
   * @param value the value
   * @return this
   */
  public Kernel scalar(int value) {
    scalar.putInt(0, value);
    set(Integer.BYTES, scalarPointer);
    return this;
  }

  /**
   * Sets a float argument.
   *
   * @param value the value
   * @return this
   */
  public Kernel scalar(float value) {
    scalar.putFloat(0, value);
    set(Float.BYTES, scalarPointer);
    return this;
  }

  /**
   * Sets a uchar argument.
   *
   * @param value the value
   * @return this
   */
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
      restart();
      throw Failure.of("clSetKernelArg for argument " + argument + " of " + name, e);
    }
  }

  /** Starts over with the first argument. */
  void restart() {
    index = 0;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CL.clReleaseKernel(handle);
    }
  }
}
