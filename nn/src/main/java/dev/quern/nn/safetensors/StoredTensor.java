package dev.quern.nn.safetensors;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A tensor as it stands in a safetensors file.
 *
 * @param dtype type of the elements
 * @param shape extents, outermost first
 * @param data {@code shape.elements() * dtype.bytes()} bytes, little-endian
 */
public record StoredTensor(DType dtype, Shape shape, MemorySegment data) {

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Checks that the data has the length that type and shape ask for. */
  public StoredTensor {
    long bytes = Math.multiplyExact(shape.elements(), dtype.bytes());
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "A tensor of %s %s needs %d bytes, got %d"
              .formatted(dtype, shape, bytes, data.byteSize()));
    }
  }

  /**
   * An F32 tensor.
   *
   * @param shape its extents
   * @param values its elements; copied
   * @return the tensor
   */
  public static StoredTensor of(Shape shape, float[] values) {
    MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(4, values.length)]);
    MemorySegment.copy(values, 0, data, FLOAT, 0, values.length);
    return new StoredTensor(DType.F32, shape, data);
  }

  /**
   * An I64 tensor.
   *
   * @param shape its extents
   * @param values its elements; copied
   * @return the tensor
   */
  public static StoredTensor of(Shape shape, long[] values) {
    MemorySegment data = MemorySegment.ofArray(new byte[Math.multiplyExact(8, values.length)]);
    MemorySegment.copy(values, 0, data, LONG, 0, values.length);
    return new StoredTensor(DType.I64, shape, data);
  }

  /**
   * A copy of a device's tensor; waits for the device.
   *
   * @param tensor F32 or I64, CONTIGUOUS
   * @return the copy
   * @throws IllegalArgumentException when it is of another type or format
   */
  public static StoredTensor of(Tensor tensor) {
    requireContiguous(tensor);
    return switch (tensor.dtype()) {
      case F32 -> of(tensor.shape(), tensor.toFloatArray());
      case I64 -> of(tensor.shape(), tensor.toLongArray());
      default ->
          throw new IllegalArgumentException("F32 and I64 are stored, not " + tensor.dtype() + ".");
    };
  }

  /**
   * Overwrites a device's tensor.
   *
   * @param tensor F32 or I64, of this type and shape, CONTIGUOUS
   * @throws IllegalArgumentException when it is of another type, shape or format
   */
  public void copyTo(Tensor tensor) {
    requireContiguous(tensor);
    if (!tensor.shape().equals(shape)) {
      throw new IllegalArgumentException(
          "A tensor of shape %s cannot be copied to one of shape %s."
              .formatted(shape, tensor.shape()));
    }
    switch (tensor.dtype()) {
      case F32 -> tensor.copyFrom(floats());
      case I64 -> tensor.copyFrom(MemorySegment.ofArray(longs()));
      default ->
          throw new IllegalArgumentException("F32 and I64 are stored, not " + tensor.dtype() + ".");
    }
  }

  private static void requireContiguous(Tensor tensor) {
    if (tensor.format() != MemoryFormat.CONTIGUOUS) {
      throw new IllegalArgumentException(
          "Files hold tensors in CONTIGUOUS format, but this one is %s; make it with contiguous()."
              .formatted(tensor.type()));
    }
  }

  /**
   * The elements of a tensor of floating-point numbers.
   *
   * @return a copy: of F32, F16 and BF16 the same numbers, of F64 the nearest F32, which is
   *     infinite beyond the greatest
   * @throws IllegalStateException when the tensor is of another type
   */
  public float[] floats() {
    float[] values = new float[Math.toIntExact(shape.elements())];
    switch (dtype) {
      case F32 -> MemorySegment.copy(data, FLOAT, 0, values, 0, values.length);
      case F64, F16, BF16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) number((long) i * dtype.bytes());
        }
      }
      case U8, I32, I64, BOOL ->
          throw new IllegalStateException("The tensor holds %s, not F32".formatted(dtype));
    }
    return values;
  }

  /**
   * The elements of an I64 tensor.
   *
   * @return a copy
   * @throws IllegalStateException when the tensor is of another type
   */
  public long[] longs() {
    if (dtype != DType.I64) {
      throw new IllegalStateException("The tensor holds %s, not I64".formatted(dtype));
    }
    long[] values = new long[Math.toIntExact(shape.elements())];
    MemorySegment.copy(data, LONG, 0, values, 0, values.length);
    return values;
  }

  /**
   * Whether every element is a finite number, as integers always are.
   *
   * @return false when there is a NaN or an infinity
   */
  public boolean isFinite() {
    for (long at = 0; at < data.byteSize(); at += dtype.bytes()) {
      if (!Double.isFinite(number(at))) {
        return false;
      }
    }
    return true;
  }

  /** The floating-point number at an offset; 0 of other types. */
  private double number(long at) {
    return switch (dtype) {
      case F32 -> data.get(FLOAT, at);
      case F64 -> data.get(DOUBLE, at);
      case F16 -> Float.float16ToFloat(data.get(SHORT, at));
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, at) << 16);
      case U8, I32, I64, BOOL -> 0;
    };
  }
}
