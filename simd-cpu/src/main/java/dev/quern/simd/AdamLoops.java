package dev.quern.simd;

import static dev.quern.simd.PointwiseLoops.load;
import static dev.quern.simd.PointwiseLoops.store;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;

import dev.quern.spi.AdamCoefficients;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * One Adam step in f32 vectors, the vector twin of {@code formulas/adam.inc}: over native memory
 * and over arrays, with and without the second moment's maximum. Offsets and lengths are those of
 * {@link PointwiseLoops}.
 */
final class AdamLoops {
  private AdamLoops() {}

  /** The scalars of a step in every lane. */
  private record Lanes(
      FloatVector oneMinusBeta1,
      FloatVector beta2,
      FloatVector oneMinusBeta2,
      FloatVector stepSize,
      FloatVector inverseRootCorrection2,
      FloatVector eps,
      FloatVector l2,
      FloatVector shrink,
      FloatVector gradientFactor) {

    static Lanes of(AdamCoefficients c) {
      return new Lanes(
          FloatVector.broadcast(SPECIES, c.oneMinusBeta1()),
          FloatVector.broadcast(SPECIES, c.beta2()),
          FloatVector.broadcast(SPECIES, c.oneMinusBeta2()),
          FloatVector.broadcast(SPECIES, c.stepSize()),
          FloatVector.broadcast(SPECIES, c.inverseRootCorrection2()),
          FloatVector.broadcast(SPECIES, c.eps()),
          FloatVector.broadcast(SPECIES, c.l2()),
          FloatVector.broadcast(SPECIES, c.shrink()),
          FloatVector.broadcast(SPECIES, c.gradientFactor()));
    }

    /** The gradient with clipping, sign and L2 decay. */
    FloatVector gradient(FloatVector theta, FloatVector raw) {
      return l2.fma(theta, raw.mul(gradientFactor));
    }

    FloatVector firstMoment(FloatVector g, FloatVector before) {
      return oneMinusBeta1.fma(g.sub(before), before);
    }

    FloatVector secondMoment(FloatVector g, FloatVector before) {
      return oneMinusBeta2.mul(g).fma(g, beta2.mul(before));
    }

    FloatVector updated(FloatVector theta, FloatVector m, FloatVector r) {
      FloatVector divisor = r.sqrt().fma(inverseRootCorrection2, eps);
      return theta.sub(stepSize.mul(m).div(divisor));
    }
  }

  private static FloatVector greater(FloatVector max, FloatVector v) {
    return v.blend(max, max.compare(VectorOperators.GE, v));
  }

  /**
   * Updates native memory from byte {@code at} on, by gradients from byte {@code gradientsAt} on;
   * {@code max} is given exactly with amsgrad.
   */
  static void update(
      AdamCoefficients coefficients,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment max,
      long at,
      int n) {
    if (max != null) {
      amsgrad(coefficients, parameters, gradients, gradientsAt, expAvg, expAvgSq, max, at, n);
    } else {
      plain(coefficients, parameters, gradients, gradientsAt, expAvg, expAvgSq, at, n);
    }
  }

  private static void plain(
      AdamCoefficients coefficients,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      long at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o).mul(c.shrink());
      FloatVector g = c.gradient(theta, load(gradients, gradientsAt + 4L * i));
      FloatVector m = c.firstMoment(g, load(expAvg, o));
      FloatVector v = c.secondMoment(g, load(expAvgSq, o));
      store(c.updated(theta, m, v), parameters, o);
      store(m, expAvg, o);
      store(v, expAvgSq, o);
    }
  }

  private static void amsgrad(
      AdamCoefficients coefficients,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      MemorySegment max,
      long at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o).mul(c.shrink());
      FloatVector g = c.gradient(theta, load(gradients, gradientsAt + 4L * i));
      FloatVector m = c.firstMoment(g, load(expAvg, o));
      FloatVector v = c.secondMoment(g, load(expAvgSq, o));
      FloatVector r = greater(load(max, o), v);
      store(r, max, o);
      store(c.updated(theta, m, r), parameters, o);
      store(m, expAvg, o);
      store(v, expAvgSq, o);
    }
  }

  /**
   * Updates arrays from element {@code at} on, by gradients from element {@code gradientsAt} on;
   * {@code max} is given exactly with amsgrad.
   */
  static void update(
      AdamCoefficients coefficients,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] expAvg,
      float[] expAvgSq,
      float @Nullable [] max,
      int at,
      int n) {
    if (max != null) {
      amsgrad(coefficients, parameters, gradients, gradientsAt, expAvg, expAvgSq, max, at, n);
    } else {
      plain(coefficients, parameters, gradients, gradientsAt, expAvg, expAvgSq, at, n);
    }
  }

  private static void plain(
      AdamCoefficients coefficients,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] expAvg,
      float[] expAvgSq,
      int at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i).mul(c.shrink());
      FloatVector g = c.gradient(theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      FloatVector m = c.firstMoment(g, FloatVector.fromArray(SPECIES, expAvg, i));
      FloatVector v = c.secondMoment(g, FloatVector.fromArray(SPECIES, expAvgSq, i));
      c.updated(theta, m, v).intoArray(parameters, i);
      m.intoArray(expAvg, i);
      v.intoArray(expAvgSq, i);
    }
  }

  private static void amsgrad(
      AdamCoefficients coefficients,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] expAvg,
      float[] expAvgSq,
      float[] max,
      int at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i).mul(c.shrink());
      FloatVector g = c.gradient(theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      FloatVector m = c.firstMoment(g, FloatVector.fromArray(SPECIES, expAvg, i));
      FloatVector v = c.secondMoment(g, FloatVector.fromArray(SPECIES, expAvgSq, i));
      FloatVector r = greater(FloatVector.fromArray(SPECIES, max, i), v);
      r.intoArray(max, i);
      c.updated(theta, m, r).intoArray(parameters, i);
      m.intoArray(expAvg, i);
      v.intoArray(expAvgSq, i);
    }
  }
}
