package dev.quern.simd.confusion;

import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import dev.quern.simd.math.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Comparisons that leave one bit an element, in words of 64, over native memory and over arrays.
 * Whole words only; {@code at} counts bytes in native memory, elements in arrays.
 */
final class ConfusionLoops {
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;

  private ConfusionLoops() {}

  /** Sets the bits where x &gt;= cut. */
  static void atLeast(MemorySegment x, long at, float cut, long[] bits, int words) {
    x = NativeMemory.known(x);
    FloatVector v = FloatVector.broadcast(SPECIES, cut);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += LANES) {
        FloatVector xi = FloatVector.fromMemorySegment(SPECIES, x, at + 256L * w + 4L * i, ORDER);
        word |= xi.compare(VectorOperators.GE, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  static void atLeast(float[] x, int at, float cut, long[] bits, int words) {
    FloatVector v = FloatVector.broadcast(SPECIES, cut);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += LANES) {
        FloatVector xi = FloatVector.fromArray(SPECIES, x, at + 64 * w + i);
        word |= xi.compare(VectorOperators.GE, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  /** Sets the bits where t = value. */
  static void equal(MemorySegment t, long at, byte value, long[] bits, int words) {
    t = NativeMemory.known(t);
    ByteVector v = ByteVector.broadcast(BYTES, value);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += BYTES.length()) {
        ByteVector ti = ByteVector.fromMemorySegment(BYTES, t, at + 64L * w + i, ORDER);
        word |= ti.compare(VectorOperators.EQ, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  static void equal(byte[] t, int at, byte value, long[] bits, int words) {
    ByteVector v = ByteVector.broadcast(BYTES, value);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += BYTES.length()) {
        ByteVector ti = ByteVector.fromArray(BYTES, t, at + 64 * w + i);
        word |= ti.compare(VectorOperators.EQ, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  static void equal(MemorySegment t, long at, int value, long[] bits, int words) {
    t = NativeMemory.known(t);
    IntVector v = IntVector.broadcast(INTS, value);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += LANES) {
        IntVector ti = IntVector.fromMemorySegment(INTS, t, at + 256L * w + 4L * i, ORDER);
        word |= ti.compare(VectorOperators.EQ, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  static void equal(int[] t, int at, int value, long[] bits, int words) {
    IntVector v = IntVector.broadcast(INTS, value);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += LANES) {
        IntVector ti = IntVector.fromArray(INTS, t, at + 64 * w + i);
        word |= ti.compare(VectorOperators.EQ, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  static void equal(MemorySegment t, long at, long value, long[] bits, int words) {
    t = NativeMemory.known(t);
    LongVector v = LongVector.broadcast(LONGS, value);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += LONGS.length()) {
        LongVector ti = LongVector.fromMemorySegment(LONGS, t, at + 512L * w + 8L * i, ORDER);
        word |= ti.compare(VectorOperators.EQ, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  static void equal(long[] t, int at, long value, long[] bits, int words) {
    LongVector v = LongVector.broadcast(LONGS, value);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += LONGS.length()) {
        LongVector ti = LongVector.fromArray(LONGS, t, at + 64 * w + i);
        word |= ti.compare(VectorOperators.EQ, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  static void equal(MemorySegment t, long at, float value, long[] bits, int words) {
    t = NativeMemory.known(t);
    FloatVector v = FloatVector.broadcast(SPECIES, value);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += LANES) {
        FloatVector ti = FloatVector.fromMemorySegment(SPECIES, t, at + 256L * w + 4L * i, ORDER);
        word |= ti.compare(VectorOperators.EQ, v).toLong() << i;
      }
      bits[w] = word;
    }
  }

  static void equal(float[] t, int at, float value, long[] bits, int words) {
    FloatVector v = FloatVector.broadcast(SPECIES, value);
    for (int w = 0; w < words; w++) {
      long word = 0;
      for (int i = 0; i < 64; i += LANES) {
        FloatVector ti = FloatVector.fromArray(SPECIES, t, at + 64 * w + i);
        word |= ti.compare(VectorOperators.EQ, v).toLong() << i;
      }
      bits[w] = word;
    }
  }
}
