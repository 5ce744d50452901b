package dev.quern.simd.reduction;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static jdk.incubator.vector.VectorOperators.MAX;

import dev.quern.simd.math.NativeMemory;
import dev.quern.simd.work.ThreadScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Ordered sums over a chunk. Rows of {@link #ROW} elements are added to as many accumulators; four
 * vectors of them are held at a time, so that narrower vectors go over the chunk several times.
 */
public final class SumLoops {
  /** Accumulators: four of the widest vectors, enough to hide the latency of an addition. */
  static final int ROW = 64;

  private static final int STEP = 4 * LANES;

  // squares of f32 below 1e-19 are subnormal or 0, and above 1e19 infinite
  private static final double LEAST_SQUARES = 1e-25;
  private static final double MOST_SQUARES = 1e35;

  private static final ThreadScratch<Scratch> THREADS = new ThreadScratch<>(Scratch::new);

  private SumLoops() {}

  /** What a thread needs. */
  private static final class Scratch {
    final float[] lanes = new float[ROW];
    private final MemorySegment pad = Arena.ofAuto().allocate((long) ROW * Float.BYTES, 64);

    /** Copies the elements behind the last whole row, with zeros behind them. */
    MemorySegment padded(MemorySegment x, long at, int n, int whole) {
      pad.fill((byte) 0);
      MemorySegment.copy(x, at + 4L * whole, pad, 0, 4L * (n - whole));
      return pad;
    }
  }

  /** Returns the sum of {@code n} elements from byte {@code at} on. */
  static double sum(MemorySegment x, long at, int n) {
    int whole = n & -ROW;
    Scratch work = THREADS.get();
    MemorySegment pad = work.padded(x, at, n, whole);
    Arrays.fill(work.lanes, 0);
    for (int first = 0; first < ROW; first += STEP) {
      addSum(x, at, first, whole, work.lanes);
      addSum(pad, 0, first, ROW, work.lanes);
    }
    return total(work.lanes);
  }

  /**
   * Returns the sum of squares of {@code n} elements, NaN if one of them is not finite. Where f32
   * cannot hold the squares they are summed again in f64.
   */
  public static double squares(MemorySegment x, long at, int n) {
    int whole = n & -ROW;
    Scratch work = THREADS.get();
    MemorySegment pad = work.padded(x, at, n, whole);
    Arrays.fill(work.lanes, 0);
    for (int first = 0; first < ROW; first += STEP) {
      addSquares(x, at, first, whole, work.lanes);
      addSquares(pad, 0, first, ROW, work.lanes);
    }
    double sum = total(work.lanes);
    if (sum >= LEAST_SQUARES && sum <= MOST_SQUARES) {
      return sum;
    }
    float largest = greatest(x, at, whole).max(greatest(pad, 0, ROW)).reduceLanes(MAX);
    if (!Float.isFinite(largest)) {
      return Double.NaN;
    }
    return largest == 0 ? 0 : exactSquares(x, at, n);
  }

  private static double exactSquares(MemorySegment x, long at, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double v = x.get(JAVA_FLOAT, at + 4L * i);
      sum += v * v;
    }
    return sum;
  }

  private static void addSum(MemorySegment x, long at, int first, int n, float[] lanes) {
    x = NativeMemory.known(x);
    FloatVector s0 = FloatVector.fromArray(SPECIES, lanes, first);
    FloatVector s1 = FloatVector.fromArray(SPECIES, lanes, first + LANES);
    FloatVector s2 = FloatVector.fromArray(SPECIES, lanes, first + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(SPECIES, lanes, first + 3 * LANES);
    for (int i = first; i < n; i += ROW) {
      long o = at + 4L * i;
      s0 = s0.add(load(x, o));
      s1 = s1.add(load(x, o + 4L * LANES));
      s2 = s2.add(load(x, o + 8L * LANES));
      s3 = s3.add(load(x, o + 12L * LANES));
    }
    spill(s0, s1, s2, s3, lanes, first);
  }

  private static void addSquares(MemorySegment x, long at, int first, int n, float[] lanes) {
    x = NativeMemory.known(x);
    FloatVector s0 = FloatVector.fromArray(SPECIES, lanes, first);
    FloatVector s1 = FloatVector.fromArray(SPECIES, lanes, first + LANES);
    FloatVector s2 = FloatVector.fromArray(SPECIES, lanes, first + 2 * LANES);
    FloatVector s3 = FloatVector.fromArray(SPECIES, lanes, first + 3 * LANES);
    for (int i = first; i < n; i += ROW) {
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

  /** The greatest magnitude in every lane; NaN where there is one. */
  private static FloatVector greatest(MemorySegment x, long at, int n) {
    x = NativeMemory.known(x);
    FloatVector greatest = FloatVector.zero(SPECIES);
    for (int i = 0; i < n; i += LANES) {
      greatest = greatest.max(load(x, at + 4L * i).abs());
    }
    return greatest;
  }

  private static void spill(
      FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3, float[] lanes, int first) {
    s0.intoArray(lanes, first);
    s1.intoArray(lanes, first + LANES);
    s2.intoArray(lanes, first + 2 * LANES);
    s3.intoArray(lanes, first + 3 * LANES);
  }

  private static double total(float[] lanes) {
    double sum = 0;
    for (float lane : lanes) {
      sum += lane;
    }
    return sum;
  }
}
