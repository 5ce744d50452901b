package dev.quern.simd.normalization;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.NativeMemory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Two sums at once over rows of a period: each accumulator sees one element of each row, in order.
 * What is the same for all rows is in registers, so few columns are taken at a time.
 */
final class ChannelSumLoops {
  private static final int FOUR = 4 * LANES;
  private static final int TWO = 2 * LANES;

  private ChannelSumLoops() {}

  /** Adds x - shift and its square. */
  static void deviations(
      MemorySegment x, long at, int rows, int period, float[] shift, float[] sum, float[] squares) {
    x = NativeMemory.known(x);
    for (int j = 0; j < period; j += FOUR) {
      FloatVector m0 = FloatVector.fromArray(SPECIES, shift, j);
      FloatVector m1 = FloatVector.fromArray(SPECIES, shift, j + LANES);
      FloatVector m2 = FloatVector.fromArray(SPECIES, shift, j + 2 * LANES);
      FloatVector m3 = FloatVector.fromArray(SPECIES, shift, j + 3 * LANES);
      FloatVector s0 = FloatVector.fromArray(SPECIES, sum, j);
      FloatVector s1 = FloatVector.fromArray(SPECIES, sum, j + LANES);
      FloatVector s2 = FloatVector.fromArray(SPECIES, sum, j + 2 * LANES);
      FloatVector s3 = FloatVector.fromArray(SPECIES, sum, j + 3 * LANES);
      FloatVector q0 = FloatVector.fromArray(SPECIES, squares, j);
      FloatVector q1 = FloatVector.fromArray(SPECIES, squares, j + LANES);
      FloatVector q2 = FloatVector.fromArray(SPECIES, squares, j + 2 * LANES);
      FloatVector q3 = FloatVector.fromArray(SPECIES, squares, j + 3 * LANES);
      for (int r = 0; r < rows; r++) {
        long o = at + 4L * (r * period + j);
        FloatVector d0 = load(x, o).sub(m0);
        FloatVector d1 = load(x, o + 4L * LANES).sub(m1);
        FloatVector d2 = load(x, o + 8L * LANES).sub(m2);
        FloatVector d3 = load(x, o + 12L * LANES).sub(m3);
        s0 = s0.add(d0);
        s1 = s1.add(d1);
        s2 = s2.add(d2);
        s3 = s3.add(d3);
        q0 = d0.fma(d0, q0);
        q1 = d1.fma(d1, q1);
        q2 = d2.fma(d2, q2);
        q3 = d3.fma(d3, q3);
      }
      s0.intoArray(sum, j);
      s1.intoArray(sum, j + LANES);
      s2.intoArray(sum, j + 2 * LANES);
      s3.intoArray(sum, j + 3 * LANES);
      q0.intoArray(squares, j);
      q1.intoArray(squares, j + LANES);
      q2.intoArray(squares, j + 2 * LANES);
      q3.intoArray(squares, j + 3 * LANES);
    }
  }

  /**
   * Adds g and g times the normalized x; g is 0 where the result is at most a limit: 0 behind a
   * ReLU, else NaN.
   */
  static void gradients(
      MemorySegment g,
      MemorySegment x,
      long at,
      int rows,
      int period,
      float limit,
      ChannelConstants of,
      float[] sum,
      float[] products) {
    g = NativeMemory.known(g);
    x = NativeMemory.known(x);
    for (int j = 0; j < period; j += TWO) {
      FloatVector m0 = FloatVector.fromArray(SPECIES, of.mean, j);
      FloatVector m1 = FloatVector.fromArray(SPECIES, of.mean, j + LANES);
      FloatVector r0 = FloatVector.fromArray(SPECIES, of.remainder, j);
      FloatVector r1 = FloatVector.fromArray(SPECIES, of.remainder, j + LANES);
      FloatVector i0 = FloatVector.fromArray(SPECIES, of.inverse, j);
      FloatVector i1 = FloatVector.fromArray(SPECIES, of.inverse, j + LANES);
      FloatVector w0 = FloatVector.fromArray(SPECIES, of.weight, j);
      FloatVector w1 = FloatVector.fromArray(SPECIES, of.weight, j + LANES);
      FloatVector b0 = FloatVector.fromArray(SPECIES, of.bias, j);
      FloatVector b1 = FloatVector.fromArray(SPECIES, of.bias, j + LANES);
      FloatVector s0 = FloatVector.fromArray(SPECIES, sum, j);
      FloatVector s1 = FloatVector.fromArray(SPECIES, sum, j + LANES);
      FloatVector p0 = FloatVector.fromArray(SPECIES, products, j);
      FloatVector p1 = FloatVector.fromArray(SPECIES, products, j + LANES);
      FloatVector zero = lanes(0.0f);
      FloatVector most = lanes(limit);
      for (int r = 0; r < rows; r++) {
        long o = at + 4L * (r * period + j);
        FloatVector n0 = load(x, o).sub(m0).sub(r0).mul(i0);
        FloatVector n1 = load(x, o + 4L * LANES).sub(m1).sub(r1).mul(i1);
        FloatVector g0 = load(g, o);
        FloatVector g1 = load(g, o + 4L * LANES);
        g0 = g0.blend(zero, n0.fma(w0, b0).compare(VectorOperators.LE, most));
        g1 = g1.blend(zero, n1.fma(w1, b1).compare(VectorOperators.LE, most));
        s0 = s0.add(g0);
        s1 = s1.add(g1);
        p0 = n0.fma(g0, p0);
        p1 = n1.fma(g1, p1);
      }
      s0.intoArray(sum, j);
      s1.intoArray(sum, j + LANES);
      p0.intoArray(products, j);
      p1.intoArray(products, j + LANES);
    }
  }
}
