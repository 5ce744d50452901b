package dev.quern.simd;

import dev.quern.reference.LossTerms;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The loops of LossLoops on one chunk, one after the other. They are called from one place that
 * knows four receivers, of which HotSpot inlines none: compiled into one method the loops would
 * take the compiler past the number of nodes up to which it inlines vector operations, and run ten
 * times slower.
 */
final class LossSteps {
  private static final Step[] STEPS = {
    (loss, c) -> LossLoops.exponentials(c.x, c.xAt, c.e, c.n),
    (loss, c) -> c.overlap(loss),
    (loss, c) -> c.crossEntropy(loss),
    (loss, c) -> c.gradient(loss)
  };

  private final float[] e;
  private final float[] lanes;
  private MemorySegment x = MemorySegment.NULL;
  private long xAt;
  private MemorySegment t = MemorySegment.NULL;
  private long tAt;
  private int n;
  private @Nullable MemorySegment gradient;
  private LossTerms.@Nullable Coefficients coefficients;

  @FunctionalInterface
  private interface Step {
    void apply(LossVectors loss, LossSteps chunk);
  }

  /**
   * Creates the steps of one thread.
   *
   * @param e takes the exponentials of a chunk
   * @param lanes takes the accumulators of four sums
   */
  LossSteps(float[] e, float[] lanes) {
    this.e = e;
    this.lanes = lanes;
  }

  /** Pass 1: leaves the sums in the accumulators; n is a multiple of {@link LossVectors#ROW}. */
  void sums(LossVectors loss, MemorySegment x, long xAt, MemorySegment t, long tAt, int n) {
    Arrays.fill(lanes, 0);
    run(loss, x, xAt, t, tAt, n, null, null);
  }

  /** Pass 2: writes the gradient; n is a multiple of the vector length. */
  void gradient(
      LossVectors loss,
      LossTerms.Coefficients coefficients,
      MemorySegment x,
      long xAt,
      MemorySegment t,
      long tAt,
      MemorySegment gradient,
      int n) {
    run(loss, x, xAt, t, tAt, n, coefficients, gradient);
  }

  private void run(
      LossVectors loss,
      MemorySegment x,
      long xAt,
      MemorySegment t,
      long tAt,
      int n,
      LossTerms.@Nullable Coefficients coefficients,
      @Nullable MemorySegment gradient) {
    this.x = x;
    this.xAt = xAt;
    this.t = t;
    this.tAt = tAt;
    this.n = n;
    this.coefficients = coefficients;
    this.gradient = gradient;
    for (Step step : STEPS) {
      step.apply(loss, this);
    }
  }

  private void overlap(LossVectors loss) {
    if (coefficients == null && loss.hasOverlap) {
      for (int first = 0; first < LossVectors.ROW; first += VectorMath.LANES) {
        LossLoops.overlap(loss, x, xAt, t, tAt, e, first, n, lanes);
      }
    }
  }

  private void crossEntropy(LossVectors loss) {
    if (coefficients == null && loss.hasBce) {
      for (int first = 0; first < LossVectors.ROW; first += VectorMath.LANES) {
        LossLoops.crossEntropy(loss, x, xAt, t, tAt, e, first, n, lanes);
      }
    }
  }

  private void gradient(LossVectors loss) {
    if (coefficients != null && gradient != null) {
      LossLoops.gradient(loss, coefficients, x, xAt, t, tAt, e, gradient, n);
    }
  }
}
