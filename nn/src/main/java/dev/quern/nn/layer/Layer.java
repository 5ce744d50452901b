package dev.quern.nn.layer;

import dev.quern.Tensor;

/**
 * A part of a network. There is no mode to switch: training calls {@link #forward}, and whoever
 * only wants the result calls {@link #predict}, so several threads may predict with one network.
 */
@FunctionalInterface
public interface Layer {
  /**
   * Computes as a step of the training, which a tape may listen to; running statistics move.
   *
   * @param x the operand; it stays open
   * @return the result, owned by the current scope
   * @throws IllegalArgumentException if the layer does not take such an operand, naming both sides
   */
  Tensor forward(Tensor x);

  /**
   * Computes with what was learnt; nothing changes.
   *
   * @param x the operand; it stays open
   * @return the result, owned by the current scope
   * @throws IllegalArgumentException as {@link #forward}
   */
  default Tensor predict(Tensor x) {
    return forward(x);
  }
}
