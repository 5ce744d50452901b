package dev.quern.optim;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.optim.GradientRule;
import dev.quern.spi.optim.LossScale;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The loss scale of an optimizer, which may be none, and may move by itself. */
final class LossScaling implements AutoCloseable {
  private final @Nullable DynamicLossScale dynamic;
  private final @Nullable Tensor scale;
  private final @Nullable Tensor finiteSteps;

  /** With 0 for no loss scale. */
  LossScaling(Engine engine, double first, @Nullable DynamicLossScale dynamic) {
    this.dynamic = dynamic;
    this.scale = first > 0 ? engine.tensor(new float[] {(float) first}, 1) : null;
    this.finiteSteps = dynamic == null ? null : engine.zeros(DType.I32, Shape.of(1));
  }

  /** What the reduction does with the gradients. */
  GradientRule rule(double maxNorm) {
    return dynamic == null
        ? new GradientRule(maxNorm)
        : new GradientRule(
            maxNorm,
            dynamic.growth(),
            dynamic.backoff(),
            dynamic.min(),
            dynamic.max(),
            dynamic.interval());
  }

  /** What the reduction reads and moves. */
  @Nullable LossScale operand() {
    return scale == null
        ? null
        : new LossScale(scale.span(), finiteSteps == null ? null : finiteSteps.span());
  }

  Tensor scale() {
    if (scale == null) {
      throw new IllegalStateException(
          "There is no loss scale; set the first one with lossScale on the builder.");
    }
    return scale;
  }

  void set(double value) {
    if (dynamic == null) {
      Ranges.lossScale(value);
    } else {
      Ranges.lossScale(value, dynamic.min(), dynamic.max());
    }
    scale().fill(value);
  }

  boolean isDynamic() {
    return dynamic != null;
  }

  DynamicLossScale dynamic() {
    if (dynamic == null) {
      throw doesNotMove();
    }
    return dynamic;
  }

  DynamicLossScale.State state() {
    int[] steps = new int[1];
    finiteSteps().copyTo(MemorySegment.ofArray(steps));
    return new DynamicLossScale.State(scale().item(), steps[0]);
  }

  void set(DynamicLossScale.State state) {
    Tensor steps = finiteSteps();
    set(state.scale());
    steps.copyFrom(MemorySegment.ofArray(new int[] {state.finiteSteps()}));
  }

  private Tensor finiteSteps() {
    if (finiteSteps == null) {
      throw doesNotMove();
    }
    return finiteSteps;
  }

  private static IllegalStateException doesNotMove() {
    return new IllegalStateException(
        "The loss scale does not move by itself; give the builder's lossScale a DynamicLossScale.");
  }

  @Override
  public void close() {
    if (scale != null) {
      scale.close();
    }
    if (finiteSteps != null) {
      finiteSteps.close();
    }
  }
}
