package dev.quern.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.DType;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.host.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Operands for kernels called directly: they do not begin where vectors do, nor do they end so. */
public final class HostSpans implements AutoCloseable {
  private static final byte JUNK = (byte) 0xa5;

  private final HostMemory memory = new HostMemory();
  private final List<DeviceBuffer> buffers = new ArrayList<>();

  /** An operand full of junk. */
  public Span empty(DType dtype, long length) {
    DeviceBuffer buffer = memory.allocate((length + 3) * dtype.bytes());
    buffers.add(buffer);
    ((HostBuffer) buffer).segment().fill(JUNK);
    return new Span(buffer, dtype, 1, length);
  }

  /** An operand of these numbers. */
  public Span of(float... values) {
    Span span = empty(DType.F32, values.length);
    MemorySegment.copy(values, 0, HostBuffer.segment(span), JAVA_FLOAT_UNALIGNED, 0, values.length);
    return span;
  }

  /** Normally distributed numbers. */
  public Span normal(long seed, int length, double mean, double deviation) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian(mean, deviation);
    }
    return of(values);
  }

  /** Scratch memory, aligned as kernels may expect. */
  public Span scratch(long bytes) {
    DeviceBuffer buffer = memory.allocate(bytes);
    buffers.add(buffer);
    return new Span(buffer, DType.U8, 0, bytes);
  }

  /** What an operand of floats holds. */
  public static float[] floats(Span span) {
    float[] values = new float[Math.toIntExact(span.length())];
    MemorySegment.copy(HostBuffer.segment(span), JAVA_FLOAT_UNALIGNED, 0, values, 0, values.length);
    return values;
  }

  /** Compares bits, NaN of any kind alike. */
  public static void sameBits(Span expected, Span actual, String what) {
    assertEquals(
        Arrays.toString(bits(floats(expected))), Arrays.toString(bits(floats(actual))), what);
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }

  /** Compares numbers: the difference may be so much of the largest expected one, or of 1. */
  public static void near(Span expected, Span actual, double relative, String what) {
    float[] e = floats(expected);
    float[] a = floats(actual);
    double largest = 1;
    for (float v : e) {
      largest = Float.isFinite(v) ? Math.max(largest, Math.abs(v)) : largest;
    }
    for (int i = 0; i < e.length; i++) {
      boolean same = Float.floatToIntBits(e[i]) == Float.floatToIntBits(a[i]);
      if (!same && !(Math.abs((double) e[i] - a[i]) <= relative * largest)) {
        assertEquals(e[i], a[i], what + " at " + i + " of " + e.length);
      }
    }
  }

  @Override
  public void close() {
    buffers.forEach(memory::release);
  }
}
