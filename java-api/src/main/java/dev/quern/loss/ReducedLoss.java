package dev.quern.loss;

/**
 * A loss that every element or pixel has for itself, and how they are reduced to one number.
 *
 * @param <L> the loss itself
 */
public abstract sealed class ReducedLoss<L extends ReducedLoss<L>> extends SingleLoss<L>
    permits BceLoss, CrossEntropyLoss, FocalLoss {
  final Reduction reduction;

  ReducedLoss(Frame frame, Reduction reduction) {
    super(frame);
    this.reduction = reduction;
  }

  abstract L with(Frame newFrame, Reduction newReduction);

  @Override
  final L with(Frame newFrame) {
    return with(newFrame, reduction);
  }

  /** Whether sums are divided. */
  final boolean mean() {
    return reduction == Reduction.MEAN;
  }

  @Override
  final boolean isReduced() {
    return reduction != Reduction.NONE;
  }

  /**
   * Chooses how the losses are reduced: MEAN by default.
   *
   * @param value MEAN, SUM or NONE
   * @return a loss that differs in this
   */
  public L reduction(Reduction value) {
    return with(frame(), value);
  }
}
