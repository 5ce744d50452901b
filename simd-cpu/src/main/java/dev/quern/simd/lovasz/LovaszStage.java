package dev.quern.simd.lovasz;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.DType;
import dev.quern.simd.math.UnsignedBytes;
import dev.quern.simd.math.VectorMath;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.ThreadScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One thread's chunk of pixels on the way into a list of a Lovasz loss. Memory of any kind is
 * copied into arrays first, so that the loops have one kind only.
 */
final class LovaszStage {
  private static final ThreadScratch<LovaszStage> THREADS = new ThreadScratch<>(LovaszStage::new);

  /** The code of a pixel that is left out. */
  static final float IGNORED = -1;

  /** The longest list that is sorted by one thread in its own memory. */
  static final int SMALL_LIST = 16_384;

  private static final int ROOM = Chunks.SIZE + Chunks.PAD;

  /** Labels, or {@link #IGNORED}. */
  final float[] labels = new float[ROOM];

  /** Logits or probabilities. */
  final float[] values = new float[ROOM];

  /** The sorting keys of the errors, bit 31 set for the foreground. */
  final int[] keys = new int[ROOM];

  /** For every vector a bit a lane: whether its error is above 0, or NaN. */
  final long[] kept = new long[ROOM / 4];

  /** For every vector a bit a lane: whether its error falls as the value grows. */
  final long[] falling = new long[ROOM / 4];

  /** What {@link LovaszCall#makeItems} counts. */
  int foreground;

  /** Tables of the radix sort. */
  final int[] counts = new int[RadixSort.DIGITS * RadixSort.RADIX];

  private final byte[] bytes = new byte[ROOM];
  private final int[] ints = new int[Chunks.SIZE];
  private final long[] longs = new long[Chunks.SIZE];
  private @Nullable MemorySegment items;
  private float[] rows = new float[0];

  private LovaszStage() {}

  /** Returns the calling thread's. */
  static LovaszStage current() {
    return THREADS.get();
  }

  /** Returns one of two areas for the items of a small list. */
  MemorySegment items(int which) {
    MemorySegment both = items;
    if (both == null) {
      both = Arena.ofAuto().allocate(2L * SMALL_LIST * Long.BYTES, 64);
      items = both;
    }
    long size = both.byteSize() / 2;
    return both.asSlice(which * size, size);
  }

  /** Returns so many floats at least; they grow as needed. */
  float[] rows(int floats) {
    if (rows.length < floats) {
      rows = new float[floats];
    }
    return rows;
  }

  /**
   * Stages {@code n} labels from {@code first} on, and as many more {@link #IGNORED} as a vector
   * has lanes.
   *
   * @param classes labels are below it
   * @param ignoreIndex the label left out, null for none
   * @return the place of the first faulty label, counted from {@code first}; n if there is none
   */
  int stageLabels(
      MemorySegment target,
      DType dtype,
      long first,
      int n,
      int classes,
      @Nullable Integer ignoreIndex) {
    int fault =
        dtype == DType.U8
            ? stageBytes(target, first, n, classes, ignoreIndex)
            : stageOthers(target, dtype, first, n, classes, ignoreIndex);
    Arrays.fill(labels, n, n + VectorMath.LANES, IGNORED);
    return fault;
  }

  private int stageBytes(
      MemorySegment target, long first, int n, int classes, @Nullable Integer ignoreIndex) {
    MemorySegment.copy(target, JAVA_BYTE, first, bytes, 0, n);
    UnsignedBytes.toFloats(bytes, labels, n);
    float ignored = ignoreIndex == null ? IGNORED : ignoreIndex;
    if (LovaszLoops.markIgnored(labels, n, classes, ignored)) {
      return n;
    }
    for (int i = 0; i < n; i++) {
      int label = Byte.toUnsignedInt(bytes[i]);
      if (label >= classes && label != ignored) {
        return i;
      }
    }
    return n;
  }

  private int stageOthers(
      MemorySegment target,
      DType dtype,
      long first,
      int n,
      int classes,
      @Nullable Integer ignoreIndex) {
    switch (dtype) {
      case I32 -> {
        MemorySegment.copy(target, JAVA_INT_UNALIGNED, 4 * first, ints, 0, n);
        for (int i = 0; i < n; i++) {
          longs[i] = ints[i];
        }
      }
      case I64 -> MemorySegment.copy(target, JAVA_LONG_UNALIGNED, 8 * first, longs, 0, n);
      case F32 -> {
        MemorySegment.copy(target, JAVA_FLOAT_UNALIGNED, 4 * first, values, 0, n);
        for (int i = 0; i < n; i++) {
          long whole = (long) values[i];
          // what is no whole number is a label that no spec can name
          longs[i] = whole == values[i] ? whole : Long.MIN_VALUE;
        }
      }
      default -> throw new IllegalArgumentException("A target is not " + dtype + ".");
    }
    boolean ignoring = ignoreIndex != null;
    long ignored = ignoreIndex == null ? 0 : ignoreIndex;
    int fault = n;
    for (int i = 0; i < n; i++) {
      long label = longs[i];
      boolean left = ignoring && label == ignored;
      boolean right = label >= 0 && label < classes;
      labels[i] = right && !left ? label : IGNORED;
      fault = right || left ? fault : Math.min(fault, i);
    }
    return fault;
  }

  /** Stages {@code n} floats and as many more zeros as a vector has lanes. */
  void stageValues(MemorySegment source, long byteOffset, int n) {
    MemorySegment.copy(source, JAVA_FLOAT_UNALIGNED, byteOffset, values, 0, n);
    Arrays.fill(values, n, n + VectorMath.LANES, 0);
  }

  /**
   * Turns staged values and labels into items.
   *
   * @param position what items call the first pixel
   * @param items where they go; up to {@code n} places from {@code at} on are written
   * @return how many there are
   */
  int compact(int n, int position, MemorySegment items, int at) {
    return LovaszLoops.compact(keys, kept, falling, n, position, items, at);
  }
}
