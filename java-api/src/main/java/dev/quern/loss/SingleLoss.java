package dev.quern.loss;

import dev.quern.spi.loss.LossInput;

/**
 * A loss that is no sum, and the options that all have.
 *
 * @param <L> the loss itself
 */
public abstract sealed class SingleLoss<L extends SingleLoss<L>> extends SegmentationLoss
    permits OverlapLoss, ReducedLoss {
  private final Frame frame;

  SingleLoss(Frame frame) {
    this.frame = frame;
  }

  abstract L with(Frame newFrame);

  @Override
  final Frame frame() {
    return frame;
  }

  /**
   * Says what the channels mean to one another.
   *
   * @param mode BINARY (default), MULTILABEL or MULTICLASS
   * @return a loss that differs in this
   */
  public L mode(Mode mode) {
    return with(frame.withMode(mode));
  }

  /**
   * Takes probabilities in [0, 1] as they are instead of logits; the gradient is with respect to
   * them.
   *
   * @return a loss that differs in this
   */
  public L fromProbabilities() {
    return with(frame.withInput(LossInput.PROBABILITIES));
  }

  /**
   * Leaves pixels out, whatever their logits are.
   *
   * @param target the target value whose pixels are ignored, within -2^24 and 2^24
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public L ignoreIndex(int target) {
    return with(frame.withIgnoreIndex(target));
  }

  static void requireAtLeast0(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          name + " must be finite and at least 0, got " + value + ".");
    }
  }

  static void requireWithin0And1(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must lie in [0, 1], got " + value + ".");
    }
  }
}
