package dev.quern.loss;

import dev.quern.spi.loss.LossInput;
import java.util.List;

/**
 * A loss that is no sum, and the options that all have.
 *
 * @param <L> the loss itself
 */
public abstract sealed class SingleLoss<L extends SingleLoss<L>> extends SegmentationLoss
    permits OverlapLoss, ReducedLoss, LovaszLoss {
  private final LossSetting setting;

  SingleLoss(LossSetting setting) {
    this.setting = setting;
  }

  abstract L with(LossSetting newSetting);

  abstract LossPart part();

  @Override
  final LossSetting setting() {
    return setting;
  }

  @Override
  final List<LossPart> parts() {
    return List.of(part());
  }

  /**
   * Says what the channels mean to one another.
   *
   * @param mode BINARY (default), MULTILABEL or MULTICLASS
   * @return a loss that differs in this
   */
  public L mode(Mode mode) {
    return with(setting.withMode(mode));
  }

  /**
   * Takes probabilities in [0, 1] as they are instead of logits; the gradient is with respect to
   * them.
   *
   * @return a loss that differs in this
   */
  public L fromProbabilities() {
    return with(setting.withInput(LossInput.PROBABILITIES));
  }

  /**
   * Leaves pixels out, whatever their logits are.
   *
   * @param target the target value whose pixels are ignored, within -2^24 and 2^24
   * @return a loss that differs in this
   * @throws IllegalArgumentException if out of range
   */
  public L ignoreIndex(int target) {
    // labels are compared as floats
    if (Math.abs((long) target) > 1 << 24) {
      throw new IllegalArgumentException(
          "ignoreIndex must lie within -2^24 and 2^24, got " + target + ".");
    }
    return with(setting.withIgnoreIndex(target));
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
