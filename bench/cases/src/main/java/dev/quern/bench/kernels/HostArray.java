package dev.quern.bench.kernels;

import dev.quern.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The elements of an operand or a result on the host. */
public final class HostArray {

  private final DType dtype;
  private final MemorySegment segment;

  private HostArray(DType dtype, MemorySegment segment) {
    this.dtype = dtype;
    this.segment = segment;
  }

  /**
   * {@return F32 elements, not copied}
   *
   * @param values the elements
   */
  public static HostArray of(float... values) {
    return new HostArray(DType.F32, MemorySegment.ofArray(values));
  }

  /**
   * {@return I64 elements, not copied}
   *
   * @param values the elements
   */
  public static HostArray of(long... values) {
    return new HostArray(DType.I64, MemorySegment.ofArray(values));
  }

  /**
   * {@return I32 elements, not copied}
   *
   * @param values the elements
   */
  public static HostArray of(int... values) {
    return new HostArray(DType.I32, MemorySegment.ofArray(values));
  }

  /**
   * {@return U8 elements, not copied}
   *
   * @param values the elements
   */
  public static HostArray of(byte... values) {
    return new HostArray(DType.U8, MemorySegment.ofArray(values));
  }

  /**
   * {@return elements of a dtype that targets come in, of U8 the low bytes}
   *
   * @param dtype U8, I32, I64 or F32
   * @param values the elements
   */
  public static HostArray of(DType dtype, int[] values) {
    HostArray array = zeros(dtype, values.length);
    for (int i = 0; i < values.length; i++) {
      long at = (long) i * dtype.bytes();
      switch (dtype) {
        case U8 -> array.segment.set(ValueLayout.JAVA_BYTE, at, (byte) values[i]);
        case I32 -> array.segment.set(ValueLayout.JAVA_INT_UNALIGNED, at, values[i]);
        case I64 -> array.segment.set(ValueLayout.JAVA_LONG_UNALIGNED, at, values[i]);
        case F32 -> array.segment.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, values[i]);
        default -> throw new IllegalArgumentException("No target is " + dtype + ".");
      }
    }
    return array;
  }

  /**
   * {@return an array of zeros}
   *
   * @param dtype the dtype of the elements
   * @param length the number of elements
   */
  public static HostArray zeros(DType dtype, int length) {
    return new HostArray(
        dtype, MemorySegment.ofArray(new byte[Math.multiplyExact(length, dtype.bytes())]));
  }

  /** {@return the dtype of the elements} */
  public DType dtype() {
    return dtype;
  }

  /** {@return the number of elements} */
  public int length() {
    return Math.toIntExact(segment.byteSize() / dtype.bytes());
  }

  /** {@return the elements as heap memory} */
  public MemorySegment segment() {
    return segment;
  }

  /** {@return the elements as doubles, for comparing within a tolerance} */
  public double[] doubles() {
    double[] doubles = new double[length()];
    for (int i = 0; i < doubles.length; i++) {
      long at = (long) i * dtype.bytes();
      doubles[i] =
          switch (dtype) {
            case F32 -> segment.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
            case I64 -> segment.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            case I32 -> segment.get(ValueLayout.JAVA_INT_UNALIGNED, at);
            case U8 -> segment.get(ValueLayout.JAVA_BYTE, at) & 0xff;
            case F16 -> Float.float16ToFloat(segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
            default ->
                throw new IllegalStateException("No kernel case has a result of " + dtype + ".");
          };
    }
    return doubles;
  }

  /**
   * {@return the bits of the elements, every NaN as the same one}
   *
   * <p>Which bits a NaN gets is left open by Java: interpreted and compiled code may differ in it.
   */
  public byte[] bits() {
    byte[] bits = segment.toArray(ValueLayout.JAVA_BYTE);
    if (dtype == DType.F32) {
      MemorySegment copy = MemorySegment.ofArray(bits);
      for (long at = 0; at < bits.length; at += Float.BYTES) {
        if (Float.isNaN(copy.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at))) {
          copy.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, Float.NaN);
        }
      }
    }
    return bits;
  }

  /**
   * {@return whether both hold the same {@linkplain #bits bits}}
   *
   * @param other of any dtype
   */
  public boolean sameBits(HostArray other) {
    return dtype == other.dtype && Arrays.equals(bits(), other.bits());
  }
}
