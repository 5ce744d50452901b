package dev.quern.simd.reduction;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import dev.quern.simd.math.NativeMemory;
import dev.quern.simd.work.GrowingMemory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Sums of the columns of a block, into as many accumulators as its period has elements. */
public final class ColumnLoops {
  private static final int STEP = 4 * LANES;

  private ColumnLoops() {}

  /** Adds {@code n} elements from byte {@code at} on; those behind the last period go to a pad. */
  public static void add(
      MemorySegment x, long at, int n, int period, float[] sums, GrowingMemory pad) {
    int rows = n / period;
    addRows(x, at, rows, period, sums);
    int rest = n - rows * period;
    if (rest > 0) {
      MemorySegment last = pad.atLeast(4L * period);
      MemorySegment.copy(x, at + 4L * (n - rest), last, 0, 4L * rest);
      last.asSlice(4L * rest, 4L * (period - rest)).fill((byte) 0);
      addRows(last, 0, 1, period, sums);
    }
  }

  private static void addRows(MemorySegment x, long at, int rows, int period, float[] sums) {
    x = NativeMemory.known(x);
    for (int j = 0; j < period; j += STEP) {
      FloatVector s0 = FloatVector.fromArray(SPECIES, sums, j);
      FloatVector s1 = FloatVector.fromArray(SPECIES, sums, j + LANES);
      FloatVector s2 = FloatVector.fromArray(SPECIES, sums, j + 2 * LANES);
      FloatVector s3 = FloatVector.fromArray(SPECIES, sums, j + 3 * LANES);
      for (int r = 0; r < rows; r++) {
        long o = at + 4L * (r * period + j);
        s0 = s0.add(load(x, o));
        s1 = s1.add(load(x, o + 4L * LANES));
        s2 = s2.add(load(x, o + 8L * LANES));
        s3 = s3.add(load(x, o + 12L * LANES));
      }
      s0.intoArray(sums, j);
      s1.intoArray(sums, j + LANES);
      s2.intoArray(sums, j + 2 * LANES);
      s3.intoArray(sums, j + 3 * LANES);
    }
  }

  /** Adds every accumulator to its column's sum. */
  public static void fold(float[] accumulators, int period, double[] sums, int columns) {
    for (int first = 0; first < period; first += columns) {
      for (int c = 0; c < columns; c++) {
        sums[c] += accumulators[first + c];
      }
    }
  }
}
