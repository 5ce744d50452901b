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
 * Gradients of the elementwise functions: g times the slope at x, as {@link PointwiseLoops}. RELU
 * chooses and does not multiply, so that an infinite g becomes 0 too where x is not above 0.
 */
final class GradientLoops {
  private GradientLoops() {}

  static void relu(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o);
      FloatVector below = v.blend(lanes(0.0f), v.compare(VectorOperators.LE, lanes(0.0f)));
      store(below.blend(load(g, o), v.compare(VectorOperators.GT, lanes(0.0f))), out, o);
    }
  }

  static void leakyRelu(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o);
      FloatVector slope = v.blend(lanes(0.01f), v.compare(VectorOperators.LE, lanes(0.0f)));
      slope = slope.blend(lanes(1.0f), v.compare(VectorOperators.GT, lanes(0.0f)));
      store(slope.mul(load(g, o)), out, o);
    }
  }

  static void abs(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o);
      FloatVector slope = v.blend(lanes(1.0f), v.compare(VectorOperators.GT, lanes(0.0f)));
      slope = slope.blend(lanes(-1.0f), v.compare(VectorOperators.LT, lanes(0.0f)));
      store(slope.mul(load(g, o)), out, o);
    }
  }

  static void sqrt(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(g, o).div(load(x, o).sqrt().mul(lanes(2.0f))), out, o);
    }
  }

  static void log(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    PointwiseLoops.divide(g, x, out, at, n);
  }

  static void exp(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(VectorMath.exp(load(x, o)).mul(load(g, o)), out, o);
    }
  }

  static void softplus(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(VectorMath.sigmoid(load(x, o)).mul(load(g, o)), out, o);
    }
  }

  static void sigmoid(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    float[] e = PointwiseScratch.current().exponentials;
    ActivationLoops.expOfMinusAbs(x, at, e, n);
    sigmoidFrom(e, g, out, at, n);
  }

  private static void sigmoidFrom(float[] e, MemorySegment g, MemorySegment out, long at, int n) {
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector slope = Activations.sigmoidSlope(FloatVector.fromArray(SPECIES, e, i));
      store(slope.mul(load(g, o)), out, o);
    }
  }

  static void tanh(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    float[] e = PointwiseScratch.current().exponentials;
    ActivationLoops.expOfMinusTwiceAbs(x, at, e, n);
    tanhFrom(e, g, out, at, n);
  }

  private static void tanhFrom(float[] e, MemorySegment g, MemorySegment out, long at, int n) {
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector slope = Activations.tanhSlope(FloatVector.fromArray(SPECIES, e, i));
      store(slope.mul(load(g, o)), out, o);
    }
  }

  static void silu(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    float[] e = PointwiseScratch.current().exponentials;
    ActivationLoops.expOfMinusAbs(x, at, e, n);
    siluFrom(x, e, g, out, at, n);
  }

  private static void siluFrom(
      MemorySegment x, float[] e, MemorySegment g, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector slope = Activations.siluSlope(load(x, o), FloatVector.fromArray(SPECIES, e, i));
      store(slope.mul(load(g, o)), out, o);
    }
  }

  static void gelu(MemorySegment x, MemorySegment g, MemorySegment out, long at, int n) {
    float[] e = PointwiseScratch.current().exponentials;
    ActivationLoops.expOfMinusHalfSquare(x, at, e, n);
    geluFrom(x, e, g, out, at, n);
  }

  private static void geluFrom(
      MemorySegment x, float[] e, MemorySegment g, MemorySegment out, long at, int n) {
    x = NativeMemory.known(x);
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector slope = Activations.geluSlope(load(x, o), FloatVector.fromArray(SPECIES, e, i));
      store(slope.mul(load(g, o)), out, o);
    }
  }
}
