package dev.quern.simd.optim;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.NativeMemory;
import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.SgdCoefficients;
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

  private static FloatVector gradient(SgdCoefficients c, FloatVector theta, FloatVector raw) {
    return lanes(c.l2()).fma(theta, raw.mul(c.gradientFactor()));
  }

  private static FloatVector buffer(SgdCoefficients c, FloatVector g, FloatVector before) {
    return lanes(c.decay()).fma(before, g.mul(c.gain()));
  }

  private static FloatVector moved(SgdCoefficients c, FloatVector theta, FloatVector direction) {
    return lanes(-c.lr()).fma(direction.mul(c.lrUnit()), theta);
  }

  /** Updates native memory; {@code buffer} is given exactly with momentum. */
  static void update(
      SgdCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      @Nullable MemorySegment buffer,
      long at,
      int n) {
    if (buffer == null) {
      plain(c, parameters, gradients, gradientsAt, at, n);
    } else if (c.has(OptimizerFlags.NESTEROV)) {
      nesterov(c, parameters, gradients, gradientsAt, buffer, at, n);
    } else {
      momentum(c, parameters, gradients, gradientsAt, buffer, at, n);
    }
  }

  private static void plain(
      SgdCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      long at,
      int n) {
    parameters = NativeMemory.known(parameters);
    gradients = NativeMemory.known(gradients);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o);
      FloatVector g = gradient(c, theta, load(gradients, gradientsAt + 4L * i));
      store(moved(c, theta, g), parameters, o);
    }
  }

  private static void momentum(
      SgdCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment buffer,
      long at,
      int n) {
    parameters = NativeMemory.known(parameters);
    gradients = NativeMemory.known(gradients);
    buffer = NativeMemory.known(buffer);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o);
      FloatVector g = gradient(c, theta, load(gradients, gradientsAt + 4L * i));
      FloatVector b = buffer(c, g, load(buffer, o));
      store(b, buffer, o);
      store(moved(c, theta, b), parameters, o);
    }
  }

  private static void nesterov(
      SgdCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      long gradientsAt,
      MemorySegment buffer,
      long at,
      int n) {
    parameters = NativeMemory.known(parameters);
    gradients = NativeMemory.known(gradients);
    buffer = NativeMemory.known(buffer);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector theta = load(parameters, o);
      FloatVector g = gradient(c, theta, load(gradients, gradientsAt + 4L * i));
      FloatVector b = buffer(c, g, load(buffer, o));
      store(b, buffer, o);
      store(moved(c, theta, lanes(c.lookAhead()).fma(b, g)), parameters, o);
    }
  }

  /** Updates arrays; {@code buffer} is given exactly with momentum. */
  static void update(
      SgdCoefficients c,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float @Nullable [] buffer,
      int at,
      int n) {
    if (buffer == null) {
      plain(c, parameters, gradients, gradientsAt, at, n);
    } else if (c.has(OptimizerFlags.NESTEROV)) {
      nesterov(c, parameters, gradients, gradientsAt, buffer, at, n);
    } else {
      momentum(c, parameters, gradients, gradientsAt, buffer, at, n);
    }
  }

  private static void plain(
      SgdCoefficients c, float[] parameters, float[] gradients, int gradientsAt, int at, int n) {
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i);
      FloatVector g = gradient(c, theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      moved(c, theta, g).intoArray(parameters, i);
    }
  }

  private static void momentum(
      SgdCoefficients c,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] buffer,
      int at,
      int n) {
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i);
      FloatVector g = gradient(c, theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      FloatVector b = buffer(c, g, FloatVector.fromArray(SPECIES, buffer, i));
      b.intoArray(buffer, i);
      moved(c, theta, b).intoArray(parameters, i);
    }
  }

  private static void nesterov(
      SgdCoefficients c,
      float[] parameters,
      float[] gradients,
      int gradientsAt,
      float[] buffer,
      int at,
      int n) {
    int ahead = gradientsAt - at;
    for (int i = at; i < at + n; i += LANES) {
      FloatVector theta = FloatVector.fromArray(SPECIES, parameters, i);
      FloatVector g = gradient(c, theta, FloatVector.fromArray(SPECIES, gradients, i + ahead));
      FloatVector b = buffer(c, g, FloatVector.fromArray(SPECIES, buffer, i));
      b.intoArray(buffer, i);
      moved(c, theta, lanes(c.lookAhead()).fma(b, g)).intoArray(parameters, i);
    }
  }
}
