package dev.quern.simd.math;

import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Bytes without sign as floats, any multiple of 16 of them. */
public final class UnsignedBytes {
  /** As many bytes as a float vector has lanes; with 128-bit floats twice as many, the least. */
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(
          byte.class, VectorShape.forBitSize(Math.max(64, SPECIES.vectorBitSize() / 4)));

  private static final boolean TWO_PARTS = BYTES.length() > LANES;

  private UnsignedBytes() {}

  /** out = x; both have their own byte offset. */
  public static void toFloats(MemorySegment x, long xAt, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += BYTES.length()) {
      ByteVector bytes = ByteVector.fromMemorySegment(BYTES, x, xAt + i, NativeVectors.ORDER);
      NativeVectors.store(floats(bytes, 0), out, at + 4L * i);
      if (TWO_PARTS) {
        NativeVectors.store(floats(bytes, 1), out, at + 4L * (i + LANES));
      }
    }
  }

  /** out = x from the first element on. */
  public static void toFloats(byte[] x, float[] out, int n) {
    for (int i = 0; i < n; i += BYTES.length()) {
      ByteVector bytes = ByteVector.fromArray(BYTES, x, i);
      floats(bytes, 0).intoArray(out, i);
      if (TWO_PARTS) {
        floats(bytes, 1).intoArray(out, i + LANES);
      }
    }
  }

  private static FloatVector floats(ByteVector bytes, int part) {
    return (FloatVector)
        bytes
            .convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, part)
            .convert(VectorOperators.I2F, 0);
  }
}
