package dev.quern.reference;

import static dev.quern.reference.FloatMath.fma;
import static dev.quern.spi.optim.OptimizerFlags.AMSGRAD;
import static dev.quern.spi.optim.OptimizerFlags.CLIP_VALUE;
import static dev.quern.spi.optim.OptimizerFlags.L1;
import static dev.quern.spi.optim.OptimizerFlags.MOMENTUM;
import static dev.quern.spi.optim.OptimizerFlags.NESTEROV;
import static dev.quern.spi.optim.OptimizerFlags.PROXIMAL_L1;

import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.SgdCoefficients;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Optimizer steps over a dense range: the Java twin of {@code formulas/optimizer.inc}, {@code
 * adam.inc} and {@code sgd.inc}. The loops are over arrays; segments go through arrays of {@link
 * #BLOCK} elements, as a loop that has met heap and native memory is slow on both.
 */
final class OptimizerStep {
  private static final int BLOCK = 128;

  /** A caller's memory may start anywhere. */
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private OptimizerStep() {}

  /** Updates elements {@code first} to {@code end - 1} of float segments by Adam. */
  static void adam(
      AdamCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment maxExpAvgSq,
      long first,
      long end) {
    int block = (int) Math.min(BLOCK, end - first);
    float[] p = new float[block];
    float[] g = new float[block];
    float[] m = new float[block];
    float[] v = new float[block];
    float[] r = maxExpAvgSq == null ? null : new float[block];
    for (long at = first; at < end; at += block) {
      int n = (int) Math.min(block, end - at);
      read(parameters, at, p, n);
      read(gradients, at, g, n);
      read(expAvg, at, m, n);
      read(expAvgSq, at, v, n);
      if (maxExpAvgSq != null && r != null) {
        read(maxExpAvgSq, at, r, n);
      }
      adam(c, p, g, m, v, r, n);
      write(p, parameters, at, n);
      write(m, expAvg, at, n);
      write(v, expAvgSq, at, n);
      if (maxExpAvgSq != null && r != null) {
        write(r, maxExpAvgSq, at, n);
      }
    }
  }

  /** Updates the first {@code n} elements of arrays by Adam. */
  static void adam(
      AdamCoefficients c,
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      float @Nullable [] maxExpAvgSq,
      int n) {
    for (int i = 0; i < n; i++) {
      float theta = parameters[i];
      float g = gradients[i] * c.gradientUnit() * c.gradientFactor();
      if (c.has(CLIP_VALUE)) {
        g = clipValue(g, c.clipValue());
      }
      if (c.has(L1)) {
        g = fma(c.l1(), sign(theta), g);
      }
      g = fma(c.l2(), theta, g);
      float m = fma(c.oneMinusBeta1(), g - expAvg[i], expAvg[i]);
      float v = fma(c.oneMinusBeta2() * g, g, c.beta2() * expAvgSq[i]);
      float r = v;
      if (c.has(AMSGRAD) && maxExpAvgSq != null) {
        float max = maxExpAvgSq[i];
        r = max >= v ? max : v;
        maxExpAvgSq[i] = r;
      }
      float divisor = fma((float) Math.sqrt(r), c.inverseRootCorrection2(), c.eps());
      float updated = theta - fma(c.decay(), theta, c.stepSize() * m / divisor);
      if (c.has(PROXIMAL_L1)) {
        updated = softThreshold(updated, c.threshold());
      }
      parameters[i] = updated;
      expAvg[i] = m;
      expAvgSq[i] = v;
    }
  }

  /** Updates elements {@code first} to {@code end - 1} of float segments by SGD. */
  static void sgd(
      SgdCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      @Nullable MemorySegment momentumBuffer,
      long first,
      long end) {
    int block = (int) Math.min(BLOCK, end - first);
    float[] p = new float[block];
    float[] g = new float[block];
    float[] m = momentumBuffer == null ? null : new float[block];
    for (long at = first; at < end; at += block) {
      int n = (int) Math.min(block, end - at);
      read(parameters, at, p, n);
      read(gradients, at, g, n);
      if (momentumBuffer != null && m != null) {
        read(momentumBuffer, at, m, n);
      }
      sgd(c, p, g, m, n);
      write(p, parameters, at, n);
      if (momentumBuffer != null && m != null) {
        write(m, momentumBuffer, at, n);
      }
    }
  }

  /** Updates the first {@code n} elements of arrays by SGD. */
  static void sgd(
      SgdCoefficients c,
      float[] parameters,
      float[] gradients,
      float @Nullable [] momentumBuffer,
      int n) {
    for (int i = 0; i < n; i++) {
      float theta = parameters[i];
      float g = gradients[i] * c.gradientUnit() * c.gradientFactor();
      if (c.has(CLIP_VALUE)) {
        g = clipValue(g, c.clipValue());
      }
      g = fma(c.l2(), theta, g);
      float direction = g;
      if (c.has(MOMENTUM) && momentumBuffer != null) {
        direction = fma(c.decay(), momentumBuffer[i], c.gain() * g);
        momentumBuffer[i] = direction;
      }
      if (c.has(NESTEROV)) {
        direction = fma(c.lookAhead(), direction, g);
      }
      parameters[i] = fma(-c.lr(), direction * c.lrUnit(), theta);
    }
  }

  /** Moves the average of elements {@code first} to {@code end - 1}. */
  static void movingAverage(
      float weight, MemorySegment parameters, MemorySegment ema, long first, long end) {
    int block = (int) Math.min(BLOCK, end - first);
    float[] p = new float[block];
    float[] average = new float[block];
    for (long at = first; at < end; at += block) {
      int n = (int) Math.min(block, end - at);
      read(parameters, at, p, n);
      read(ema, at, average, n);
      for (int i = 0; i < n; i++) {
        average[i] = fma(weight, p[i] - average[i], average[i]);
      }
      write(average, ema, at, n);
    }
  }

  private static void read(MemorySegment from, long at, float[] to, int n) {
    MemorySegment.copy(from, FLOAT, at * Float.BYTES, to, 0, n);
  }

  private static void write(float[] from, MemorySegment to, long at, int n) {
    MemorySegment.copy(from, 0, to, FLOAT, at * Float.BYTES, n);
  }

  private static float clipValue(float g, float bound) {
    return g > bound ? bound : g < -bound ? -bound : g;
  }

  private static float sign(float x) {
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  }

  private static float softThreshold(float x, float threshold) {
    return x > threshold ? x - threshold : x < -threshold ? x + threshold : Float.isNaN(x) ? x : 0;
  }
}
