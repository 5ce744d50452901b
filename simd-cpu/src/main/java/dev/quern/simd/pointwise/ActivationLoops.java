package dev.quern.simd.pointwise;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.Activations;
import dev.quern.simd.math.NativeMemory;
import dev.quern.simd.math.VectorMath;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Activation functions, as {@link PointwiseLoops}. Those with an exponential take it in a loop of
 * its own, a chunk at a time. RELU, LEAKY_RELU and ABS wait for memory.
 */
final class ActivationLoops {
  private ActivationLoops() {}

  static void relu(MemorySegment x, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o);
      store(v.blend(lanes(0.0f), v.compare(VectorOperators.LE, lanes(0.0f))), out, o);
    }
  }

  static void leakyRelu(MemorySegment x, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o);
      store(v.mul(lanes(0.01f)).blend(v, v.compare(VectorOperators.GT, lanes(0.0f))), out, o);
    }
  }

  static void abs(MemorySegment x, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(x, o).abs(), out, o);
    }
  }

  static void sqrt(MemorySegment x, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(x, o).sqrt(), out, o);
    }
  }

  /** e^-2|x| of at most a chunk. */
  static void expOfMinusTwiceAbs(MemorySegment x, long at, float[] e, int n) {
    x = NativeMemory.known(x);
    for (int i = 0; i < n; i += LANES) {
      Activations.expOfMinusTwiceAbs(load(x, at + 4L * i)).intoArray(e, i);
    }
  }

  /** e^(-x^2/2) of at most a chunk. */
  static void expOfMinusHalfSquare(MemorySegment x, long at, float[] e, int n) {
    x = NativeMemory.known(x);
    for (int i = 0; i < n; i += LANES) {
      Activations.expOfMinusHalfSquare(load(x, at + 4L * i)).intoArray(e, i);
    }
  }

  /** e^-|x| of at most a chunk. */
  static void expOfMinusAbs(MemorySegment x, long at, float[] e, int n) {
    x = NativeMemory.known(x);
    for (int i = 0; i < n; i += LANES) {
      VectorMath.expOfMinusAbs(load(x, at + 4L * i)).intoArray(e, i);
    }
  }

  static void tanh(MemorySegment x, MemorySegment out, long at, int n) {
    float[] e = PointwiseScratch.current().exponentials;
    expOfMinusTwiceAbs(x, at, e, n);
    tanhFrom(x, e, out, at, n);
  }

  private static void tanhFrom(MemorySegment x, float[] e, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(Activations.tanh(load(x, o), FloatVector.fromArray(SPECIES, e, i)), out, o);
    }
  }

  static void gelu(MemorySegment x, MemorySegment out, long at, int n) {
    float[] e = PointwiseScratch.current().exponentials;
    expOfMinusHalfSquare(x, at, e, n);
    geluFrom(x, e, out, at, n);
  }

  private static void geluFrom(MemorySegment x, float[] e, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(Activations.gelu(load(x, o), FloatVector.fromArray(SPECIES, e, i)), out, o);
    }
  }

  static void silu(MemorySegment x, MemorySegment out, long at, int n) {
    float[] e = PointwiseScratch.current().exponentials;
    expOfMinusAbs(x, at, e, n);
    siluFrom(x, e, out, at, n);
  }

  private static void siluFrom(MemorySegment x, float[] e, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(Activations.silu(load(x, o), FloatVector.fromArray(SPECIES, e, i)), out, o);
    }
  }
}
