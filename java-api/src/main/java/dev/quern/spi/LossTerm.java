package dev.quern.spi;

/** One loss of a {@link FusedLossSpec}; its formula is in {@code formulas/loss_terms.inc}. */
public sealed interface LossTerm {
  /**
   * 1 - S, or -ln max(S, eps), with S = (TP + smooth) / max((P + T) / 2 + smooth, eps); 0 if the
   * target is empty.
   *
   * @param smooth added to both sides of the ratio
   * @param eps the least divisor
   * @param logLoss whether the logarithm is taken
   */
  record Dice(double smooth, double eps, boolean logLoss) implements LossTerm {}

  /**
   * The binary cross-entropy of every pixel, summed, or divided by the number of all pixels,
   * ignored ones included (as segmentation_models.pytorch).
   *
   * @param mean whether the sum is divided
   */
  record Bce(boolean mean) implements LossTerm {}
}
