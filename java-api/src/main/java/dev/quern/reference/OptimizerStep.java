package dev.quern.reference;

import static dev.quern.spi.OptimizerFlags.AMSGRAD;
import static dev.quern.spi.OptimizerFlags.CLIP_VALUE;
import static dev.quern.spi.OptimizerFlags.L1;
import static dev.quern.spi.OptimizerFlags.MOMENTUM;
import static dev.quern.spi.OptimizerFlags.NESTEROV;
import static dev.quern.spi.OptimizerFlags.PROXIMAL_L1;

import dev.quern.spi.AdamCoefficients;
import dev.quern.spi.SgdCoefficients;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Optimizer steps over a dense range: the Java twin of {@code formulas/optimizer.inc}, {@code
 * adam.inc} and {@code sgd.inc}.
 */
final class OptimizerStep {
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
    for (long i = first; i < end; i++) {
      float theta = parameters.getAtIndex(FLOAT, i);
      float g = gradients.getAtIndex(FLOAT, i) * c.gradientUnit() * c.gradientFactor();
      if (c.has(CLIP_VALUE)) {
        g = clipValue(g, c.clipValue());
      }
      if (c.has(L1)) {
        g = Math.fma(c.l1(), sign(theta), g);
      }
      g = Math.fma(c.l2(), theta, g);
      float before = expAvg.getAtIndex(FLOAT, i);
      float m = Math.fma(c.oneMinusBeta1(), g - before, before);
      float v = Math.fma(c.oneMinusBeta2() * g, g, c.beta2() * expAvgSq.getAtIndex(FLOAT, i));
      float r = v;
      if (c.has(AMSGRAD) && maxExpAvgSq != null) {
        float max = maxExpAvgSq.getAtIndex(FLOAT, i);
        r = max >= v ? max : v;
        maxExpAvgSq.setAtIndex(FLOAT, i, r);
      }
      float divisor = Math.fma((float) Math.sqrt(r), c.inverseRootCorrection2(), c.eps());
      float updated = theta - Math.fma(c.decay(), theta, c.stepSize() * m / divisor);
      if (c.has(PROXIMAL_L1)) {
        updated = softThreshold(updated, c.threshold());
      }
      parameters.setAtIndex(FLOAT, i, updated);
      expAvg.setAtIndex(FLOAT, i, m);
      expAvgSq.setAtIndex(FLOAT, i, v);
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
    for (long i = first; i < end; i++) {
      float theta = parameters.getAtIndex(FLOAT, i);
      float g = gradients.getAtIndex(FLOAT, i) * c.gradientUnit() * c.gradientFactor();
      if (c.has(CLIP_VALUE)) {
        g = clipValue(g, c.clipValue());
      }
      g = Math.fma(c.l2(), theta, g);
      float direction = g;
      if (c.has(MOMENTUM) && momentumBuffer != null) {
        direction = Math.fma(c.decay(), momentumBuffer.getAtIndex(FLOAT, i), c.gain() * g);
        momentumBuffer.setAtIndex(FLOAT, i, direction);
      }
      if (c.has(NESTEROV)) {
        direction = Math.fma(c.lookAhead(), direction, g);
      }
      parameters.setAtIndex(FLOAT, i, Math.fma(-c.lr(), direction * c.lrUnit(), theta));
    }
  }

  /** Moves the average of elements {@code first} to {@code end - 1}. */
  static void movingAverage(
      float weight, MemorySegment parameters, MemorySegment ema, long first, long end) {
    for (long i = first; i < end; i++) {
      float average = ema.getAtIndex(FLOAT, i);
      ema.setAtIndex(
          FLOAT, i, Math.fma(weight, parameters.getAtIndex(FLOAT, i) - average, average));
    }
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
