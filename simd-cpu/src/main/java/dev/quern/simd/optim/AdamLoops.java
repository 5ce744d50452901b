package dev.quern.simd.optim;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.NativeMemory;
import dev.quern.spi.optim.AdamCoefficients;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * One Adam step in f32 vectors, the vector twin of {@code formulas/adam.inc}: over native memory
 * and over arrays, with and without the second moment's maximum. Over memory offsets are bytes;
 * lengths are whole vectors.
 */
final class AdamLoops {
  private AdamLoops() {}

  /** The gradient with clipping, sign and L2 decay. */
  private static FloatVector gradient(AdamCoefficients c, FloatVector theta, FloatVector raw) {
    return lanes(c.l2()).fma(theta, raw.mul(c.gradientFactor()));
  }

  private static FloatVector firstMoment(AdamCoefficients c, FloatVector g, FloatVector before) {
    return lanes(c.oneMinusBeta1()).fma(g.sub(before), before);
  }

  private static FloatVector secondMoment(AdamCoefficients c, FloatVector g, FloatVector before) {
    return g.mul(c.oneMinusBeta2()).fma(g, before.mul(c.beta2()));
  }

  private static FloatVector updated(
      AdamCoefficients c, FloatVector theta, FloatVector m, FloatVector r) {
    FloatVector divisor = r.sqrt().fma(lanes(c.inverseRootCorrection2()), lanes(c.eps()));
    return theta.sub(theta.fma(lanes(c.decay()), m.mul(c.stepSize()).div(divisor)));
  }

  private static FloatVector greater(FloatVector max, FloatVector v) {
    return v.blend(max, max.compare(VectorOperators.GE, v));
  }

  /**
   * Updates native memory from byte {@code at} on, by gradients from byte {@code gradientsAt} on;
   * {@code max} is given exactly with amsgrad.
   */
  static void update(
      AdamCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment max,
      long at,
      int n) {
    if (max != null) {
      amsgrad(c, parameters, gradients, gradientsAt, expAvg, expAvgSq, max, at, n);
    } else {
      plain(c, parameters, gradients, gradientsAt, expAvg, expAvgSq, at, n);
    }
  }

  private static void plain(
      AdamCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      long at,
      int n) {
    parameters = NativeMemory.known(parameters);
    gradients = NativeMemory.known(gradients);
    expAvg = NativeMemory.known(expAvg);
    expAvgSq = NativeMemory.known(expAvgSq);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o);
      FloatVector g = gradient(c, theta, load(gradients, gradientsAt + 4L * i));
      FloatVector m = firstMoment(c, g, load(expAvg, o));
      FloatVector v = secondMoment(c, g, load(expAvgSq, o));
      store(updated(c, theta, m, v), parameters, o);
      store(m, expAvg, o);
      store(v, expAvgSq, o);
    }
  }

  private static void amsgrad(
      AdamCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      MemorySegment max,
      long at,
      int n) {
    parameters = NativeMemory.known(parameters);
    gradients = NativeMemory.known(gradients);
    expAvg = NativeMemory.known(expAvg);
    expAvgSq = NativeMemory.known(expAvgSq);
    max = NativeMemory.known(max);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o);
      FloatVector g = gradient(c, theta, load(gradients, gradientsAt + 4L * i));
      FloatVector m = firstMoment(c, g, load(expAvg, o));
      FloatVector v = secondMoment(c, g, load(expAvgSq, o));
      FloatVector r = greater(load(max, o), v);
      store(r, max, o);
      store(updated(c, theta, m, r), parameters, o);
      store(m, expAvg, o);
      store(v, expAvgSq, o);
    }
  }

  /**
   * Updates arrays from element {@code at} on, by gradients from element {@code gradientsAt} on;
   * {@code max} is given exactly with amsgrad.
   */
  static void update(
      AdamCoefficients c,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] expAvg,
      float[] expAvgSq,
      float @Nullable [] max,
      int at,
      int n) {
    if (max != null) {
      amsgrad(c, parameters, gradients, gradientsAt, expAvg, expAvgSq, max, at, n);
    } else {
      plain(c, parameters, gradients, gradientsAt, expAvg, expAvgSq, at, n);
    }
  }

  private static void plain(
      AdamCoefficients c,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] expAvg,
      float[] expAvgSq,
      int at,
      int n) {
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i);
      FloatVector g = gradient(c, theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      FloatVector m = firstMoment(c, g, FloatVector.fromArray(SPECIES, expAvg, i));
      FloatVector v = secondMoment(c, g, FloatVector.fromArray(SPECIES, expAvgSq, i));
      updated(c, theta, m, v).intoArray(parameters, i);
      m.intoArray(expAvg, i);
      v.intoArray(expAvgSq, i);
    }
  }

  private static void amsgrad(
      AdamCoefficients c,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] expAvg,
      float[] expAvgSq,
      float[] max,
      int at,
      int n) {
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i);
      FloatVector g = gradient(c, theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      FloatVector m = firstMoment(c, g, FloatVector.fromArray(SPECIES, expAvg, i));
      FloatVector v = secondMoment(c, g, FloatVector.fromArray(SPECIES, expAvgSq, i));
      FloatVector r = greater(FloatVector.fromArray(SPECIES, max, i), v);
      r.intoArray(max, i);
      updated(c, theta, m, r).intoArray(parameters, i);
      m.intoArray(expAvg, i);
      v.intoArray(expAvgSq, i);
    }
  }
}
