package dev.quern.simd;

import static dev.quern.simd.PointwiseLoops.load;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.ZERO;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Ordered sums over a chunk. Rows of {@link #ROW} elements are added to as many accumulators; four
 * vectors of them are held at a time, so that narrower vectors go over the chunk several times.
 */
final class SumLoops {
  /** Accumulators: four of the widest vectors, enough to hide the latency of an addition. */
  static final int ROW = 64;

  private static final int STEP = 4 * LANES;

  private SumLoops() {}

  /** Returns the sum of {@code n} elements from byte {@code at} on. */
  static double sum(MemorySegment x, long at, int n, Workspace work) {
    int whole = n & -ROW;
    MemorySegment pad = padded(x, at, n, whole, work);
    for (int first = 0; first < ROW; first += STEP) {
      sum(x, at, first, whole, pad, work.lanes);
    }
    return total(work.lanes);
  }

  /** Returns the sum of squares of {@code n} elements; NaN or infinite if an element is. */
  static double squares(MemorySegment x, long at, int n, Workspace work) {
    int whole = n & -ROW;
    MemorySegment pad = padded(x, at, n, whole, work);
    for (int first = 0; first < ROW; first += STEP) {
      squares(x, at, first, whole, pad, work.lanes);
    }
    return total(work.lanes);
  }

  /** Tells whether all of {@code n} elements are finite. */
  static boolean isFinite(MemorySegment x, long at, int n, Workspace work) {
    int whole = n & -ROW;
    MemorySegment pad = padded(x, at, n, whole, work);
    FloatVector zeros = zerosUnlessNotFinite(pad, 0, ROW).add(zerosUnlessNotFinite(x, at, whole));
    return zeros.compare(VectorOperators.EQ, ZERO).allTrue();
  }

  private static void sum(
      MemorySegment x, long at, int first, int whole, MemorySegment pad, float[] lanes) {
    FloatVector s0 = load(pad, 4L * first);
    FloatVector s1 = load(pad, 4L * (first + LANES));
    FloatVector s2 = load(pad, 4L * (first + 2 * LANES));
    FloatVector s3 = load(pad, 4L * (first + 3 * LANES));
    for (int i = first; i < whole; i += ROW) {
      long o = at + 4L * i;
      s0 = s0.add(load(x, o));
      s1 = s1.add(load(x, o + 4L * LANES));
      s2 = s2.add(load(x, o + 8L * LANES));
      s3 = s3.add(load(x, o + 12L * LANES));
    }
    spill(s0, s1, s2, s3, lanes, first);
  }

  private static void squares(
      MemorySegment x, long at, int first, int whole, MemorySegment pad, float[] lanes) {
    FloatVector s0 = square(load(pad, 4L * first));
    FloatVector s1 = square(load(pad, 4L * (first + LANES)));
    FloatVector s2 = square(load(pad, 4L * (first + 2 * LANES)));
    FloatVector s3 = square(load(pad, 4L * (first + 3 * LANES)));
    for (int i = first; i < whole; i += ROW) {
      long o = at + 4L * i;
      FloatVector x0 = load(x, o);
      FloatVector x1 = load(x, o + 4L * LANES);
      FloatVector x2 = load(x, o + 8L * LANES);
      FloatVector x3 = load(x, o + 12L * LANES);
      s0 = x0.fma(x0, s0);
      s1 = x1.fma(x1, s1);
      s2 = x2.fma(x2, s2);
      s3 = x3.fma(x3, s3);
    }
    spill(s0, s1, s2, s3, lanes, first);
  }

  /** x * 0 is 0 for finite x and NaN otherwise, and a NaN once added stays. */
  private static FloatVector zerosUnlessNotFinite(MemorySegment x, long at, int n) {
    FloatVector z0 = ZERO;
    FloatVector z1 = ZERO;
    for (int i = 0; i < n; i += 2 * LANES) {
      z0 = load(x, at + 4L * i).fma(ZERO, z0);
      z1 = load(x, at + 4L * (i + LANES)).fma(ZERO, z1);
    }
    return z0.add(z1);
  }

  private static FloatVector square(FloatVector x) {
    return x.mul(x);
  }

  private static void spill(
      FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3, float[] lanes, int first) {
    s0.intoArray(lanes, first);
    s1.intoArray(lanes, first + LANES);
    s2.intoArray(lanes, first + 2 * LANES);
    s3.intoArray(lanes, first + 3 * LANES);
  }

  /** Copies the elements behind the last whole row, with zeros behind them. */
  private static MemorySegment padded(MemorySegment x, long at, int n, int whole, Workspace work) {
    MemorySegment pad = work.pads[0];
    pad.fill((byte) 0);
    MemorySegment.copy(x, at + 4L * whole, pad, 0, 4L * (n - whole));
    return pad;
  }

  private static double total(float[] lanes) {
    double sum = 0;
    for (float lane : lanes) {
      sum += lane;
    }
    return sum;
  }
}
