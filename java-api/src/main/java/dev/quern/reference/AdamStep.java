package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.AdamCoefficients;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One Adam step over a dense range: the Java twin of {@code formulas/adam.inc}. */
final class AdamStep {
  private AdamStep() {}

  /** Updates elements {@code first} to {@code end - 1} of float segments. */
  static void update(
      AdamCoefficients c,
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment maxExpAvgSq,
      long first,
      long end) {
    for (long i = first; i < end; i++) {
      float theta = parameters.getAtIndex(JAVA_FLOAT, i) * c.shrink();
      float scaled = gradients.getAtIndex(JAVA_FLOAT, i) * c.gradientScale();
      float g = Math.fma(c.l2(), theta, scaled);
      float before = expAvg.getAtIndex(JAVA_FLOAT, i);
      float m = Math.fma(c.oneMinusBeta1(), g - before, before);
      float v = Math.fma(c.oneMinusBeta2() * g, g, c.beta2() * expAvgSq.getAtIndex(JAVA_FLOAT, i));
      float r = v;
      if (c.amsgrad() && maxExpAvgSq != null) {
        float max = maxExpAvgSq.getAtIndex(JAVA_FLOAT, i);
        r = max >= v ? max : v;
        maxExpAvgSq.setAtIndex(JAVA_FLOAT, i, r);
      }
      float divisor = Math.fma((float) Math.sqrt(r), c.inverseRootCorrection2(), c.eps());
      parameters.setAtIndex(JAVA_FLOAT, i, theta - c.stepSize() * m / divisor);
      expAvg.setAtIndex(JAVA_FLOAT, i, m);
      expAvgSq.setAtIndex(JAVA_FLOAT, i, v);
    }
  }
}
