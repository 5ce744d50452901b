package dev.quern.bench.peers.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import dev.quern.bench.peers.Side;

/** A loss forward and backward, everything made on the way freed after it. */
final class DjlLossSide implements Side {
  private final NDManager manager;
  private final NDArray logits;
  private final NDArray target;
  private final DjlPeer.Loss loss;

  DjlLossSide(NDManager manager, NDArray logits, NDArray target, DjlPeer.Loss loss) {
    this.manager = manager;
    this.logits = logits;
    this.target = target;
    this.loss = loss;
  }

  @Override
  public void run() {
    step(false);
  }

  @Override
  public double[] results() {
    return step(true);
  }

  private double[] step(boolean withNorm) {
    try (NDManager scope = manager.newSubManager();
        GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      target.tempAttach(scope);
      // a new leaf on the same memory has no gradient to set to zero
      logits.tempAttach(scope);
      NDArray leaf = logits.stopGradient();
      leaf.setRequiresGradient(true);
      NDArray value = loss.of(leaf, target);
      collector.backward(value);
      double norm = withNorm ? Side.norm(leaf.getGradient().toFloatArray()) : 0;
      return new double[] {value.getFloat(), norm};
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
