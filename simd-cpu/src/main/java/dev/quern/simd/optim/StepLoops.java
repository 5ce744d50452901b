package dev.quern.simd.optim;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.quern.simd.math.NativeMemory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The optional parts of an optimizer step, the vector twin of {@code formulas/optimizer.inc}: loops
 * of their own over a tile that is in the cache, so that the loop of the plain step stays as small
 * as it is. Over memory offsets are bytes; lengths are whole vectors.
 */
final class StepLoops {
  private StepLoops() {}

  /** {@code g} with a magnitude of at most {@code bound}; NaN stays. */
  private static FloatVector clip(FloatVector g, FloatVector bound) {
    FloatVector below = g.blend(bound, g.compare(GT, bound));
    FloatVector least = bound.neg();
    return below.blend(least, below.compare(LT, least));
  }

  /** {@code factor * sign(theta)}, 0 for 0 and NaN. */
  private static FloatVector signed(FloatVector theta, FloatVector factor) {
    FloatVector zero = FloatVector.zero(SPECIES);
    return zero.blend(factor, theta.compare(GT, zero)).blend(factor.neg(), theta.compare(LT, zero));
  }

  private static FloatVector softThreshold(FloatVector x, FloatVector threshold) {
    FloatVector zero = FloatVector.zero(SPECIES);
    return x.blend(zero, x.compare(EQ, x))
        .blend(x.sub(threshold), x.compare(GT, threshold))
        .blend(x.add(threshold), x.compare(LT, threshold.neg()));
  }

  /**
   * out = clip(gradients * unit * factor) + l1 * sign(parameters), out from its first element on.
   * An infinite bound clips nothing, and {@code l1} of 0 adds nothing.
   */
  static void prepare(
      float unit,
      float factor,
      float bound,
      float l1,
      MemorySegment parameters,
      MemorySegment gradients,
      long at,
      MemorySegment out,
      int n) {
    parameters = NativeMemory.known(parameters);
    gradients = NativeMemory.known(gradients);
    out = NativeMemory.known(out);
    FloatVector most = FloatVector.broadcast(SPECIES, bound);
    FloatVector penalty = FloatVector.broadcast(SPECIES, l1);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector g = clip(load(gradients, o).mul(unit).mul(factor), most);
      store(g.add(signed(load(parameters, o), penalty)), out, 4L * i);
    }
  }

  /** The same over arrays from element {@code at} on. */
  static void prepare(
      float unit,
      float factor,
      float bound,
      float l1,
      float[] parameters,
      float[] gradients,
      int at,
      float[] out,
      int n) {
    FloatVector most = FloatVector.broadcast(SPECIES, bound);
    FloatVector penalty = FloatVector.broadcast(SPECIES, l1);
    for (int i = 0; i < n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, at + i);
      FloatVector g = FloatVector.fromArray(SPECIES, gradients, at + i).mul(unit).mul(factor);
      clip(g, most).add(signed(theta, penalty)).intoArray(out, i);
    }
  }

  /** Draws parameters towards 0. */
  static void softThreshold(float threshold, MemorySegment parameters, long at, int n) {
    parameters = NativeMemory.known(parameters);
    FloatVector most = FloatVector.broadcast(SPECIES, threshold);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(softThreshold(load(parameters, o), most), parameters, o);
    }
  }

  /** The same over an array. */
  static void softThreshold(float threshold, float[] parameters, int at, int n) {
    FloatVector most = FloatVector.broadcast(SPECIES, threshold);
    for (int i = at; i < at + n; i += LANES) {
      softThreshold(FloatVector.fromArray(SPECIES, parameters, i), most).intoArray(parameters, i);
    }
  }

  /** ema = ema + weight * (parameters - ema). */
  static void movingAverage(
      float weight, MemorySegment parameters, MemorySegment ema, long at, int n) {
    parameters = NativeMemory.known(parameters);
    ema = NativeMemory.known(ema);
    FloatVector share = FloatVector.broadcast(SPECIES, weight);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector average = load(ema, o);
      store(share.fma(load(parameters, o).sub(average), average), ema, o);
    }
  }
}
