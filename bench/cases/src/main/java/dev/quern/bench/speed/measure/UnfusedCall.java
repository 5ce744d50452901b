package dev.quern.bench.speed.measure;

import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.kernels.LossBatch;
import dev.quern.bench.unfused.UnfusedLoss;
import org.jspecify.annotations.Nullable;

/** A loss and its gradient in plain tensor operations, to be timed beside the fused kernel. */
final class UnfusedCall implements AutoCloseable {

  /** Tensors of the size of the logits that live at the same time, operands included. */
  static final int TENSORS = 40;

  private final LossBatch batch;
  private final Engine engine;
  private final Tensor input;
  private final Tensor target;
  private final @Nullable Tensor weight;

  UnfusedCall(LossBatch batch, Engine engine) {
    this.batch = batch;
    this.engine = engine;
    long elements = batch.extent().elements();
    this.input = engine.tensor(batch.logits(), elements).detach();
    var shape = Shape.of(batch.spec().targetLength(batch.extent()));
    this.target = engine.empty(batch.spec().targetDtype(), shape).detach();
    target.copyFrom(batch.target().segment());
    float @Nullable [] factors = batch.weight();
    this.weight = factors == null ? null : engine.tensor(factors, elements).detach();
  }

  /** Computes it once. */
  void run() {
    try (var _ = engine.openScope()) {
      UnfusedLoss.of(batch.spec(), batch.extent(), input, target, weight);
    }
  }

  /** Gives all memory back, what the engine keeps for reuse too. */
  @Override
  public void close() {
    input.close();
    target.close();
    if (weight != null) {
      weight.close();
    }
    engine.trim();
  }
}
