package dev.quern.simd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * U8 targets on their way into a loop of floats: a chunk of them is converted into scratch memory,
 * where labels other than 0, 1 and the ignored one are replaced by the ignored one and reported.
 */
final class Labels {
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;
  private static final ByteVector ONES = ByteVector.broadcast(BYTES, 1);

  private Labels() {}

  /**
   * Converts {@code n} labels from {@code at} on.
   *
   * @return the place of the first faulty label, counted from {@code at}; n if there is none
   */
  static int stage(MemorySegment labels, long at, int n, float ignored, MemorySegment stage) {
    int whole = n & -16;
    PointwiseLoops.convertBytes(labels, at, stage, 0, whole);
    for (int i = whole; i < n; i++) {
      stage.setAtIndex(JAVA_FLOAT, i, Byte.toUnsignedInt(labels.get(JAVA_BYTE, at + i)));
    }
    int first = n;
    for (int i = clean(labels, at, n, ignored); i < n; i++) {
      float t = stage.getAtIndex(JAVA_FLOAT, i);
      if (t > 1 && t != ignored) {
        first = Math.min(first, i);
        stage.setAtIndex(JAVA_FLOAT, i, ignored);
      }
    }
    return first;
  }

  /** The same for arrays. */
  static int stage(byte[] labels, int at, int n, float ignored, float[] stage) {
    int whole = n & -16;
    PointwiseLoops.convertBytes(labels, at, stage, whole);
    for (int i = whole; i < n; i++) {
      stage[i] = Byte.toUnsignedInt(labels[at + i]);
    }
    int first = n;
    for (int i = clean(labels, at, n, ignored); i < n; i++) {
      if (stage[i] > 1 && stage[i] != ignored) {
        first = Math.min(first, i);
        stage[i] = ignored;
      }
    }
    return first;
  }

  /** Returns how many labels, in whole vectors, are surely right. */
  private static int clean(MemorySegment labels, long at, int n, float ignored) {
    ByteVector skipped = skipped(ignored);
    int i = 0;
    for (; i <= n - BYTES.length(); i += BYTES.length()) {
      ByteVector v = ByteVector.fromMemorySegment(BYTES, labels, at + i, ByteOrder.nativeOrder());
      if (isFaulty(v, skipped)) {
        return i;
      }
    }
    return i;
  }

  private static int clean(byte[] labels, int at, int n, float ignored) {
    ByteVector skipped = skipped(ignored);
    int i = 0;
    for (; i <= n - BYTES.length(); i += BYTES.length()) {
      if (isFaulty(ByteVector.fromArray(BYTES, labels, at + i), skipped)) {
        return i;
      }
    }
    return i;
  }

  private static boolean isFaulty(ByteVector v, ByteVector skipped) {
    return v.compare(VectorOperators.UGT, ONES)
        .and(v.compare(VectorOperators.NE, skipped))
        .anyTrue();
  }

  /** The ignored label, or 0, which is never faulty, if no byte is ignored. */
  private static ByteVector skipped(float ignored) {
    return ByteVector.broadcast(BYTES, ignored >= 0 && ignored <= 255 ? (byte) (int) ignored : 0);
  }
}
