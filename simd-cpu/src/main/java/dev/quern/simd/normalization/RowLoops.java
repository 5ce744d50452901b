package dev.quern.simd.normalization;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.math.NativeMemory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** What the normalization of a row sums and writes; the last elements go one by one. */
final class RowLoops {
  private static final int TWO = 2 * LANES;

  private RowLoops() {}

  /** Adds g and g * y to accumulators, element i to that of i modulo the period. */
  static void gradients(
      MemorySegment g,
      MemorySegment y,
      long at,
      int rows,
      int period,
      float[] sum,
      float[] products) {
    g = NativeMemory.known(g);
    y = NativeMemory.known(y);
    for (int j = 0; j < period; j += TWO) {
      FloatVector s0 = FloatVector.fromArray(SPECIES, sum, j);
      FloatVector s1 = FloatVector.fromArray(SPECIES, sum, j + LANES);
      FloatVector p0 = FloatVector.fromArray(SPECIES, products, j);
      FloatVector p1 = FloatVector.fromArray(SPECIES, products, j + LANES);
      for (int r = 0; r < rows; r++) {
        long o = at + 4L * (r * period + j);
        FloatVector g0 = load(g, o);
        FloatVector g1 = load(g, o + 4L * LANES);
        s0 = s0.add(g0);
        s1 = s1.add(g1);
        p0 = g0.fma(load(y, o), p0);
        p1 = g1.fma(load(y, o + 4L * LANES), p1);
      }
      s0.intoArray(sum, j);
      s1.intoArray(sum, j + LANES);
      p0.intoArray(products, j);
      p1.intoArray(products, j + LANES);
    }
  }

  /** out = (x - mean - remainder) * inverse. */
  static void standardize(
      MemorySegment x, MemorySegment out, long at, int n, float mean, float rest, float inverse) {
    int whole = n / LANES * LANES;
    standardizeVectors(x, out, at, whole, mean, rest, inverse);
    for (int i = whole; i < n; i++) {
      float v = x.get(JAVA_FLOAT_UNALIGNED, at + 4L * i);
      out.set(JAVA_FLOAT_UNALIGNED, at + 4L * i, (v - mean - rest) * inverse);
    }
  }

  private static void standardizeVectors(
      MemorySegment x, MemorySegment out, long at, int n, float mean, float rest, float inverse) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(x, o).sub(lanes(mean)).sub(lanes(rest)).mul(lanes(inverse)), out, o);
    }
  }

  /** out = (g - mean - y * product) * inverse. */
  static void gradient(
      MemorySegment g,
      MemorySegment y,
      MemorySegment out,
      long at,
      int n,
      float mean,
      float product,
      float inverse) {
    int whole = n / LANES * LANES;
    gradientVectors(g, y, out, at, whole, mean, product, inverse);
    for (int i = whole; i < n; i++) {
      float v = g.get(JAVA_FLOAT_UNALIGNED, at + 4L * i) - mean;
      float rest = Math.fma(y.get(JAVA_FLOAT_UNALIGNED, at + 4L * i), -product, v);
      out.set(JAVA_FLOAT_UNALIGNED, at + 4L * i, rest * inverse);
    }
  }

  private static void gradientVectors(
      MemorySegment g,
      MemorySegment y,
      MemorySegment out,
      long at,
      int n,
      float mean,
      float product,
      float inverse) {
    g = NativeMemory.known(g);
    y = NativeMemory.known(y);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(y, o).fma(lanes(-product), load(g, o).sub(lanes(mean)));
      store(v.mul(lanes(inverse)), out, o);
    }
  }
}
