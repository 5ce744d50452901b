package dev.quern.bench.speed;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.bench.UnfusedLoss;
import dev.quern.spi.FusedLossSpec;
import java.util.SplittableRandom;

/** A loss and its gradient in plain tensor operations, to be timed beside the fused kernel. */
final class UnfusedCall implements AutoCloseable {

  /** Tensors of the size of the logits that live at the same time, operands included. */
  static final int TENSORS = 40;

  private final FusedLossSpec spec;
  private final Engine engine;
  private final Tensor logits;
  private final Tensor target;

  UnfusedCall(FusedLossSpec spec, Engine engine, int elements) {
    this.spec = spec;
    this.engine = engine;
    var random = new SplittableRandom(elements);
    float[] x = new float[elements];
    byte[] labels = new byte[elements];
    for (int i = 0; i < elements; i++) {
      x[i] = (float) random.nextDouble(-6, 6);
      labels[i] = (byte) (random.nextDouble() < 0.3 ? 1 : 0);
    }
    this.logits = engine.tensor(x, elements).detach();
    Tensor u8 = engine.tensor(labels, elements).detach();
    if (spec.targetDtype() == DType.U8) {
      this.target = u8;
    } else {
      this.target = u8.toF32().detach();
      u8.close();
    }
  }

  /** Computes it once. */
  void run() {
    try (var _ = engine.openScope()) {
      UnfusedLoss.of(spec, logits, target);
    }
  }

  /** Gives all memory back, what the engine keeps for reuse too. */
  @Override
  public void close() {
    logits.close();
    target.close();
    engine.trim();
  }
}
