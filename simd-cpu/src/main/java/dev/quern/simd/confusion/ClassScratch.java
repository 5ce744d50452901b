package dev.quern.simd.confusion;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.DType;
import dev.quern.simd.math.VectorMath;
import dev.quern.simd.work.Chunks;
import java.lang.foreign.MemorySegment;

/**
 * A chunk of pixels on its way into a confusion matrix. Operands are copied into arrays first: that
 * is cheap beside reading them, and one loop then serves every kind of memory.
 */
final class ClassScratch {
  /** Larger matrices are not counted in a table of the thread's own. */
  static final int TABLE_CELLS = 4096;

  /**
   * Tables side by side: neighbouring pixels mostly hit the same cell, and must not wait for it.
   */
  private static final int TABLES = 4;

  /** Below so many pixels of a plane, pixels are looked at one by one. */
  private static final int SHORTEST_PLANE = 64;

  private final float[] scores = new float[Chunks.SIZE];
  private final float[] greatest = new float[Chunks.SIZE];
  private final byte[] bytes = new byte[Chunks.SIZE];
  private final long[] longs = new long[Chunks.SIZE];
  private final int[] target = new int[Chunks.SIZE];
  private final int[] predicted = new int[Chunks.SIZE + Chunks.PAD];

  /** The cell of each pixel of the chunk. */
  final int[] cell = new int[Chunks.SIZE];

  private final int[] table = new int[TABLES * (TABLE_CELLS + 1)];

  /** Predicts by scores (outer, classes, inner) the {@code n} pixels from {@code first} on. */
  void scores(MemorySegment x, int classes, long inner, long first, int n) {
    for (int from = 0; from < n; ) {
      long plane = (first + from) / inner;
      int end = (int) Math.min(n, (plane + 1) * inner - first);
      if (inner < SHORTEST_PLANE) {
        // the classes of a pixel, then the next pixel
        end = Math.min(n, from + Math.max(1, Chunks.SIZE / classes));
        pixelwise(x, classes, inner, first, from, end);
      } else {
        long at = plane * classes * inner + (first + from) % inner;
        planewise(x, classes, inner, at, from, end - from);
      }
      from = end;
    }
  }

  private void planewise(MemorySegment x, int classes, long inner, long at, int from, int n) {
    int whole = wholeVectors(n);
    for (int c = 0; c < classes; c++) {
      MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, 4 * (at + c * inner), scores, 0, n);
      if (c == 0) {
        ClassLoops.first(scores, greatest, predicted, from, whole);
      } else {
        ClassLoops.next(scores, c, greatest, predicted, from, whole);
      }
    }
  }

  private void pixelwise(MemorySegment x, int classes, long inner, long first, int from, int end) {
    boolean dense = inner == 1 && (long) (end - from) * classes <= Chunks.SIZE;
    if (dense) {
      long at = (first + from) * classes;
      MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, 4 * at, scores, 0, (end - from) * classes);
    }
    for (int i = from; i < end; i++) {
      long pixel = first + i;
      long at = pixel / inner * classes * inner + pixel % inner;
      int best = 0;
      float most = Float.NEGATIVE_INFINITY;
      for (int c = 0; c < classes; c++) {
        float score =
            dense
                ? scores[(i - from) * classes + c]
                : x.get(JAVA_FLOAT_UNALIGNED, 4 * (at + c * inner));
        if (c == 0 || !(most >= score)) {
          best = c;
          most = score;
        }
        if (Float.isNaN(most)) {
          break;
        }
      }
      predicted[i] = best;
    }
  }

  /** Takes predicted labels. */
  void labels(MemorySegment x, DType dtype, long first, int n) {
    load(x, dtype, first, n, -1, predicted);
  }

  /**
   * Finds the cells of {@code n} pixels whose predictions were taken.
   *
   * @return the place of the first faulty pixel, counted from {@code first}; n if there is none
   */
  int cells(
      MemorySegment t, DType dtype, long first, int n, int classes, boolean ignores, int ignored) {
    load(t, dtype, first, n, ignored == -1 ? -2 : -1, target);
    for (int i = n; i < wholeVectors(n); i++) {
      target[i] = 0;
      predicted[i] = 0;
    }
    if (!ClassLoops.cells(target, predicted, classes, ignores, ignored, cell, wholeVectors(n))) {
      return n;
    }
    int i = 0;
    while (cell[i] < classes * classes || (ignores && target[i] == ignored)) {
      i++;
    }
    return i;
  }

  /** Counts the cells of {@code n} pixels in the table, which is all zero before. */
  void tabulate(int n) {
    int i = 0;
    int size = TABLE_CELLS + 1;
    for (; i + TABLES <= n; i += TABLES) {
      table[cell[i]]++;
      table[size + cell[i + 1]]++;
      table[2 * size + cell[i + 2]]++;
      table[3 * size + cell[i + 3]]++;
    }
    for (; i < n; i++) {
      table[cell[i]]++;
    }
  }

  /** Returns how often a cell was counted, and clears it. */
  int take(int which) {
    int sum = 0;
    for (int i = which; i < table.length; i += TABLE_CELLS + 1) {
      sum += table[i];
      table[i] = 0;
    }
    return sum;
  }

  /** Converts labels to ints; those that no int is become {@code other}, which is no class. */
  private void load(MemorySegment t, DType dtype, long first, int n, int other, int[] out) {
    switch (dtype) {
      case U8 -> {
        MemorySegment.copy(t, JAVA_BYTE, first, bytes, 0, n);
        for (int i = 0; i < n; i++) {
          out[i] = bytes[i] & 0xff;
        }
      }
      case I32 -> MemorySegment.copy(t, JAVA_INT_UNALIGNED, 4 * first, out, 0, n);
      case I64 -> {
        MemorySegment.copy(t, JAVA_LONG_UNALIGNED, 8 * first, longs, 0, n);
        for (int i = 0; i < n; i++) {
          out[i] = (int) longs[i] == longs[i] ? (int) longs[i] : other;
        }
      }
      default -> throw new IllegalArgumentException("A label is not " + dtype + ".");
    }
  }

  private static int wholeVectors(int n) {
    return Math.ceilDiv(n, VectorMath.LANES) * VectorMath.LANES;
  }
}
