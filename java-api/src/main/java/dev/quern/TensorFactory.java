package dev.quern;

import dev.quern.engine.HostFloats;
import dev.quern.op.Fill;
import dev.quern.op.Operation;
import dev.quern.op.TensorType;
import dev.quern.op.Uniform;
import dev.quern.spi.tensor.PhiloxStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The ways in which an engine makes tensors. */
abstract sealed class TensorFactory permits Engine {

  /**
   * Makes a tensor with undefined content.
   *
   * @param dtype the element type
   * @param shape the shape
   * @return the tensor, owned by the current scope
   */
  public Tensor empty(DType dtype, Shape shape) {
    return empty(new TensorType(dtype, shape));
  }

  /**
   * Makes a tensor with undefined content, in a memory format.
   *
   * @param dtype the element type
   * @param shape the shape
   * @param format the order of the elements in memory; CHANNELS_LAST needs a shape (N, C, H, W)
   * @return the tensor, owned by the current scope
   */
  public Tensor empty(DType dtype, Shape shape, MemoryFormat format) {
    return empty(new TensorType(dtype, shape, format));
  }

  /**
   * Makes a tensor with undefined content.
   *
   * @param type the type, for example of another tensor
   * @return the tensor, owned by the current scope
   */
  public abstract Tensor empty(TensorType type);

  /**
   * Makes a tensor of zeros.
   *
   * @param dtype F32, I64, I32, U8 or BOOL, or F64 where the device computes in it
   * @param shape the shape
   * @return the tensor, owned by the current scope
   */
  public Tensor zeros(DType dtype, Shape shape) {
    return zeros(dtype, shape, MemoryFormat.CONTIGUOUS);
  }

  /**
   * Makes a tensor of zeros, in a memory format.
   *
   * @param dtype F32, I64, I32, U8 or BOOL, or F64 where the device computes in it
   * @param shape the shape
   * @param format the order of the elements in memory; CHANNELS_LAST needs a shape (N, C, H, W)
   * @return the tensor, owned by the current scope
   */
  public Tensor zeros(DType dtype, Shape shape, MemoryFormat format) {
    return made(new Fill(0, new TensorType(dtype, shape, format)));
  }

  /**
   * Draws uniform random numbers in [0, 1): the same on every backend.
   *
   * @param stream which sequence
   * @param dims the shape
   * @return an F32 tensor, owned by the current scope
   */
  public Tensor uniform(PhiloxStream stream, long... dims) {
    return made(new Uniform(stream, Shape.of(dims)));
  }

  /** Applies an operation without inputs. */
  abstract Tensor made(Operation operation);

  /**
   * Copies floats to the device.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an F32 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(float[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.F32, Shape.of(dims));
  }

  /**
   * Copies floats to the device, in a memory format.
   *
   * @param values the elements, row-major in that format
   * @param shape the shape
   * @param format the order of the elements; CHANNELS_LAST needs a shape (N, C, H, W)
   * @return an F32 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(float[] values, Shape shape, MemoryFormat format) {
    return upload(MemorySegment.ofArray(values), DType.F32, shape, format);
  }

  /**
   * Copies doubles to the device. The reference backend computes with them, others do not.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an F64 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(double[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.F64, Shape.of(dims));
  }

  /**
   * Copies bytes to the device.
   *
   * @param values the elements, row-major, read as unsigned
   * @param dims the shape
   * @return a U8 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(byte[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.U8, Shape.of(dims));
  }

  /**
   * Copies integers to the device: labels.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an I32 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(int[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.I32, Shape.of(dims));
  }

  /**
   * Copies integers to the device: labels.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an I64 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(long[] values, long... dims) {
    return upload(MemorySegment.ofArray(values), DType.I64, Shape.of(dims));
  }

  /**
   * Copies a mask to the device.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return a U8 tensor, 1 where a value is true and 0 elsewhere, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(boolean[] values, long... dims) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    return tensor(bytes, dims);
  }

  /**
   * Copies a part of an array to the device.
   *
   * @param values holds the elements, row-major
   * @param from the index of the first
   * @param shape the shape, which says how many there are
   * @return an F32 tensor, owned by the current scope
   * @throws IndexOutOfBoundsException if the array ends before
   */
  public Tensor tensor(float[] values, int from, Shape shape) {
    Objects.checkFromIndexSize(from, shape.elements(), values.length);
    long bytes = shape.elements() * Float.BYTES;
    MemorySegment part = MemorySegment.ofArray(values).asSlice((long) from * Float.BYTES, bytes);
    return upload(part, DType.F32, shape);
  }

  /**
   * Copies what remains of a buffer to the device, of whatever byte order; position and limit stay.
   *
   * @param values the elements, row-major
   * @param dims the shape
   * @return an F32 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(FloatBuffer values, long... dims) {
    return upload(HostFloats.source(values), DType.F32, Shape.of(dims));
  }

  /**
   * Copies what remains of a buffer to the device; position and limit stay.
   *
   * @param values the elements, row-major, read as unsigned
   * @param dims the shape
   * @return a U8 tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor tensor(ByteBuffer values, long... dims) {
    return upload(MemorySegment.ofBuffer(values), DType.U8, Shape.of(dims));
  }

  /**
   * Copies host memory to the device.
   *
   * @param values the elements, row-major, in native byte order, which Java's buffers have only if
   *     {@code order(ByteOrder.nativeOrder())} was called on them
   * @param dtype their type
   * @param shape the shape
   * @return the tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor upload(MemorySegment values, DType dtype, Shape shape) {
    return upload(values, dtype, shape, MemoryFormat.CONTIGUOUS);
  }

  /**
   * Copies host memory to the device, in a memory format.
   *
   * @param values the elements, row-major in that format, in native byte order
   * @param dtype their type
   * @param shape the shape
   * @param format the order of the elements; CHANNELS_LAST needs a shape (N, C, H, W)
   * @return the tensor, owned by the current scope
   * @throws IllegalArgumentException if the shape does not have as many elements
   */
  public Tensor upload(MemorySegment values, DType dtype, Shape shape, MemoryFormat format) {
    requireSize(values, dtype, shape);
    Tensor made = empty(dtype, shape, format);
    try {
      made.copyFrom(values);
      return made;
    } catch (RuntimeException | Error e) {
      made.close();
      throw e;
    }
  }

  /**
   * Lends host memory to the engine until the tensor is closed, by the current scope or, made
   * without one or detached, by the caller or the engine: without a copy where the device can
   * (native memory aligned to 4 bytes on the CPU backends), else copied in, and, if written, copied
   * back when the tensor closes.
   *
   * @param memory heap or native memory that outlives the tensor
   * @param access whether it may be written
   * @param dtype the element type
   * @param shape the shape
   * @return a tensor over it, owned by the current scope
   * @throws IllegalArgumentException if sizes differ, or READ_WRITE memory is read-only
   */
  public Tensor borrow(MemorySegment memory, Access access, DType dtype, Shape shape) {
    requireSize(memory, dtype, shape);
    boolean write = access == Access.READ_WRITE;
    if (write && memory.isReadOnly()) {
      throw new IllegalArgumentException("READ_WRITE was asked for memory that is read-only.");
    }
    Tensor wrapped = wrap(memory, new TensorType(dtype, shape));
    if (wrapped != null) {
      return wrapped;
    }
    Tensor copy = upload(memory, dtype, shape);
    if (write) {
      copy.copyBackTo(memory);
    }
    return copy;
  }

  /**
   * Lends an array to the engine until the tensor is closed.
   *
   * @param values the elements
   * @param access whether they may be written; what was written is there when the tensor is closed
   * @param dims the shape
   * @return a tensor over it, owned by the current scope
   */
  public Tensor borrow(float[] values, Access access, long... dims) {
    return borrow(MemorySegment.ofArray(values), access, DType.F32, Shape.of(dims));
  }

  /** Memory that the device can use as it is; null if it has to be copied. */
  abstract @Nullable Tensor wrap(MemorySegment memory, TensorType type);

  static long bytes(DType dtype, Shape shape) {
    if (shape.elements() > Long.MAX_VALUE / dtype.bytes()) {
      throw new IllegalArgumentException(
          "A tensor has less than 2^63 bytes, but shape %s of %s has more."
              .formatted(shape, dtype));
    }
    return shape.elements() * dtype.bytes();
  }

  static void requireSize(MemorySegment values, DType dtype, Shape shape) {
    long needed = bytes(dtype, shape);
    if (values.byteSize() != needed) {
      throw new IllegalArgumentException(
          "Shape %s of %s needs %d elements, but %d are given."
              .formatted(shape, dtype, shape.elements(), values.byteSize() / dtype.bytes()));
    }
  }
}
