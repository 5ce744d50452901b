package dev.quern.spi.optim;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.spi.Span;
import dev.quern.spi.Written;
import dev.quern.spi.host.HostBuffer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What gradients were multiplied by, on the device.
 *
 * @param scale F32, one element, at least 1
 * @param finiteSteps I32, one element: the finite steps in a row since the scale last changed; null
 *     if the scale does not change by itself
 */
public record LossScale(
    @Written(afterReading = true) Span scale,
    @Written(afterReading = true) @Nullable Span finiteSteps) {
  /**
   * Moves a scale in host memory behind a step: the Java twin of {@code quern_next_loss_scale} in
   * {@code optimizer.inc}.
   *
   * @param rule growth, backoff and limits
   * @param finite whether the step's gradients were finite
   */
  public void advance(GradientRule rule, boolean finite) {
    if (finiteSteps == null) {
      return;
    }
    MemorySegment scaleWord = HostBuffer.segment(scale);
    MemorySegment countWord = HostBuffer.segment(finiteSteps);
    double now = scaleWord.get(JAVA_FLOAT, 0);
    int count = countWord.get(JAVA_INT, 0);
    int next = 0;
    if (!finite) {
      now = Math.max(now * rule.backoff(), rule.minScale());
    } else if (count >= rule.growthInterval() - 1) {
      now = Math.min(now * rule.growth(), rule.maxScale());
    } else {
      next = count + 1;
    }
    scaleWord.set(JAVA_FLOAT, 0, (float) now);
    countWord.set(JAVA_INT, 0, next);
  }
}
