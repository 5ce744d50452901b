package dev.quern.simd.pointwise;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.NativeMemory;
import dev.quern.simd.math.VectorMath;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The elementwise loops over native memory. Each works on {@code n} elements from byte offset
 * {@code at} on; n is a multiple of the vector length, tails come padded.
 */
public final class PointwiseLoops {
  private PointwiseLoops() {}

  static void fill(MemorySegment out, long at, int n, float value) {
    out = NativeMemory.known(out);
    FloatVector v = FloatVector.broadcast(SPECIES, value);
    for (int i = 0; i < n; i += LANES) {
      store(v, out, at + 4L * i);
    }
  }

  static void sigmoid(MemorySegment x, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(VectorMath.sigmoid(load(x, o)), out, o);
    }
  }

  /** Exponential and logarithm in loops of their own, {@code n} at most a chunk. */
  static void softplus(MemorySegment x, MemorySegment out, long at, int n) {
    float[] e = PointwiseScratch.current().exponentials;
    ActivationLoops.expOfMinusAbs(x, at, e, n);
    softplusFrom(x, e, out, at, n);
  }

  private static void softplusFrom(MemorySegment x, float[] e, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(VectorMath.softplusFrom(load(x, o), FloatVector.fromArray(SPECIES, e, i)), out, o);
    }
  }

  static void exp(MemorySegment x, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(VectorMath.exp(load(x, o)), out, o);
    }
  }

  static void log(MemorySegment x, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(VectorMath.log(load(x, o)), out, o);
    }
  }

  static void sign(MemorySegment x, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    FloatVector zero = FloatVector.zero(SPECIES);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o);
      FloatVector positive = zero.blend(1, v.compare(VectorOperators.GT, zero));
      store(positive.blend(-1, v.compare(VectorOperators.LT, zero)), out, o);
    }
  }

  public static void add(MemorySegment a, MemorySegment b, MemorySegment out, long at, int n) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(a, o).add(load(b, o)), out, o);
    }
  }

  static void subtract(MemorySegment a, MemorySegment b, MemorySegment out, long at, int n) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(a, o).sub(load(b, o)), out, o);
    }
  }

  static void multiply(MemorySegment a, MemorySegment b, MemorySegment out, long at, int n) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(a, o).mul(load(b, o)), out, o);
    }
  }

  static void divide(MemorySegment a, MemorySegment b, MemorySegment out, long at, int n) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(a, o).div(load(b, o)), out, o);
    }
  }

  static void max(MemorySegment a, MemorySegment b, MemorySegment out, long at, int n) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(a, o).max(load(b, o)), out, o);
    }
  }

  static void min(MemorySegment a, MemorySegment b, MemorySegment out, long at, int n) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(a, o).min(load(b, o)), out, o);
    }
  }

  static void select(MemorySegment a, MemorySegment b, MemorySegment out, long at, int n) {
    a = NativeMemory.known(a);
    b = NativeMemory.known(b);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      VectorMask<Float> taken = load(b, o).compare(VectorOperators.NE, lanes(0.0f));
      store(lanes(0.0f).blend(load(a, o), taken), out, o);
    }
  }

  static void scale(MemorySegment x, float factor, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    FloatVector f = FloatVector.broadcast(SPECIES, factor);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(x, o).mul(f), out, o);
    }
  }

  static void notEqual(MemorySegment x, float value, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    FloatVector v = FloatVector.broadcast(SPECIES, value);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(lanes(0.0f).blend(lanes(1.0f), load(x, o).compare(VectorOperators.NE, v)), out, o);
    }
  }
}
