package dev.quern.simd;

import static dev.quern.simd.PointwiseLoops.load;
import static dev.quern.simd.PointwiseLoops.store;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;

import dev.quern.spi.OptimizerFlags;
import dev.quern.spi.SgdCoefficients;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * One step of stochastic gradient descent in f32 vectors, the vector twin of {@code
 * formulas/sgd.inc}: over native memory and over arrays, without momentum, with it, and looking
 * ahead. Offsets and lengths are those of {@link AdamLoops}.
 */
final class SgdLoops {
  private SgdLoops() {}

  /** The scalars of a step in every lane. */
  private record Lanes(
      FloatVector minusLr,
      FloatVector decay,
      FloatVector gain,
      FloatVector lookAhead,
      FloatVector l2,
      FloatVector gradientFactor) {

    static Lanes of(SgdCoefficients c) {
      return new Lanes(
          FloatVector.broadcast(SPECIES, -c.lr()),
          FloatVector.broadcast(SPECIES, c.decay()),
          FloatVector.broadcast(SPECIES, c.gain()),
          FloatVector.broadcast(SPECIES, c.lookAhead()),
          FloatVector.broadcast(SPECIES, c.l2()),
          FloatVector.broadcast(SPECIES, c.gradientFactor()));
    }

    FloatVector gradient(FloatVector theta, FloatVector raw) {
      return l2.fma(theta, raw.mul(gradientFactor));
    }

    FloatVector buffer(FloatVector g, FloatVector before) {
      return decay.fma(before, gain.mul(g));
    }
  }

  /** Updates native memory; {@code buffer} is given exactly with momentum. */
  static void update(
      SgdCoefficients coefficients,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      @Nullable MemorySegment buffer,
      long at,
      int n) {
    if (buffer == null) {
      plain(coefficients, parameters, gradients, gradientsAt, at, n);
    } else if (coefficients.has(OptimizerFlags.NESTEROV)) {
      nesterov(coefficients, parameters, gradients, gradientsAt, buffer, at, n);
    } else {
      momentum(coefficients, parameters, gradients, gradientsAt, buffer, at, n);
    }
  }

  private static void plain(
      SgdCoefficients coefficients,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      long at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o);
      FloatVector g = c.gradient(theta, load(gradients, gradientsAt + 4L * i));
      store(c.minusLr().fma(g, theta), parameters, o);
    }
  }

  private static void momentum(
      SgdCoefficients coefficients,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment buffer,
      long at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o);
      FloatVector g = c.gradient(theta, load(gradients, gradientsAt + 4L * i));
      FloatVector b = c.buffer(g, load(buffer, o));
      store(b, buffer, o);
      store(c.minusLr().fma(b, theta), parameters, o);
    }
  }

  private static void nesterov(
      SgdCoefficients coefficients,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment buffer,
      long at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o);
      FloatVector g = c.gradient(theta, load(gradients, gradientsAt + 4L * i));
      FloatVector b = c.buffer(g, load(buffer, o));
      store(b, buffer, o);
      store(c.minusLr().fma(c.lookAhead().fma(b, g), theta), parameters, o);
    }
  }

  /** Updates arrays; {@code buffer} is given exactly with momentum. */
  static void update(
      SgdCoefficients coefficients,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float @Nullable [] buffer,
      int at,
      int n) {
    if (buffer == null) {
      plain(coefficients, parameters, gradients, gradientsAt, at, n);
    } else if (coefficients.has(OptimizerFlags.NESTEROV)) {
      nesterov(coefficients, parameters, gradients, gradientsAt, buffer, at, n);
    } else {
      momentum(coefficients, parameters, gradients, gradientsAt, buffer, at, n);
    }
  }

  private static void plain(
      SgdCoefficients coefficients,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      int at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i);
      FloatVector g = c.gradient(theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      c.minusLr().fma(g, theta).intoArray(parameters, i);
    }
  }

  private static void momentum(
      SgdCoefficients coefficients,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] buffer,
      int at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i);
      FloatVector g = c.gradient(theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      FloatVector b = c.buffer(g, FloatVector.fromArray(SPECIES, buffer, i));
      b.intoArray(buffer, i);
      c.minusLr().fma(b, theta).intoArray(parameters, i);
    }
  }

  private static void nesterov(
      SgdCoefficients coefficients,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] buffer,
      int at,
      int n) {
    Lanes c = Lanes.of(coefficients);
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i);
      FloatVector g = c.gradient(theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      FloatVector b = c.buffer(g, FloatVector.fromArray(SPECIES, buffer, i));
      b.intoArray(buffer, i);
      c.minusLr().fma(c.lookAhead().fma(b, g), theta).intoArray(parameters, i);
    }
  }
}
