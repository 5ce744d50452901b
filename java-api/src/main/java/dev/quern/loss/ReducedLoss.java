package dev.quern.loss;

import dev.quern.Tensor;
import dev.quern.spi.loss.LossTerm;
import org.jspecify.annotations.Nullable;

/**
 * A loss that every element or pixel has for itself, and how they are reduced to one number.
 *
 * @param <L> the loss itself
 */
public abstract sealed class ReducedLoss<L extends ReducedLoss<L>> extends SingleLoss<L>
    permits BceLoss, CrossEntropyLoss, FocalLoss {
  final Reduction reduction;

  ReducedLoss(LossSetting setting, Reduction reduction) {
    super(setting);
    this.reduction = reduction;
  }

  abstract L with(LossSetting newSetting, Reduction newReduction);

  @Override
  final L with(LossSetting newSetting) {
    return with(newSetting, reduction);
  }

  abstract LossTerm term(int classes);

  /** Factors of the elements of the binary cross-entropy, or null. */
  @Nullable Tensor weight() {
    return null;
  }

  @Override
  final LossPart part() {
    return FusedPart.of(setting(), this::term, weight(), reduction != Reduction.NONE);
  }

  /** Whether sums are divided. */
  final boolean mean() {
    return reduction == Reduction.MEAN;
  }

  /**
   * Chooses how the losses are reduced: MEAN by default.
   *
   * @param value MEAN, SUM or NONE
   * @return a loss that differs in this
   */
  public L reduction(Reduction value) {
    return with(setting(), value);
  }
}
