package dev.quern.simd.math;

import static dev.quern.simd.math.VectorMath.SPECIES;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Float vectors from native memory and to it, at byte offsets. */
public final class NativeVectors {
  public static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private NativeVectors() {}

  public static FloatVector load(MemorySegment x, long at) {
    return FloatVector.fromMemorySegment(SPECIES, x, at, ORDER);
  }

  /** Loads some lanes and leaves 0 in the others. */
  public static FloatVector load(MemorySegment x, long at, VectorMask<Float> inside) {
    return FloatVector.fromMemorySegment(SPECIES, x, at, ORDER, inside);
  }

  public static void store(FloatVector v, MemorySegment out, long at) {
    v.intoMemorySegment(out, at, ORDER);
  }
}
