package dev.quern.spi;

/** One loss of a {@link FusedLossSpec}; its formula is in {@code formulas/loss_terms.inc}. */
public sealed interface LossTerm {
  /**
   * l^gamma with l = 1 - S, or -ln max(S, eps), and S = (TP + smooth) / max(TP + alpha FP + beta FN
   * + smooth, eps), where FP = P - TP and FN = T - TP; l = 0 if the target is empty.
   *
   * @param alpha the weight of false positives
   * @param beta the weight of false negatives
   * @param gamma the exponent of the loss
   * @param smooth added to both sides of the ratio
   * @param eps the least divisor
   * @param logLoss whether the logarithm is taken
   */
  record Overlap(
      double alpha, double beta, double gamma, double smooth, double eps, boolean logLoss)
      implements LossTerm {
    /**
     * Makes the Dice loss: both weights 1/2, exponent 1.
     *
     * @param smooth added to both sides of the ratio
     * @param eps the least divisor
     * @param logLoss whether the logarithm is taken
     * @return the term
     */
    public static Overlap dice(double smooth, double eps, boolean logLoss) {
      return new Overlap(0.5, 0.5, 1, smooth, eps, logLoss);
    }

    /**
     * Makes the Jaccard loss: both weights 1, exponent 1.
     *
     * @param smooth added to both sides of the ratio
     * @param eps the least divisor
     * @param logLoss whether the logarithm is taken
     * @return the term
     */
    public static Overlap jaccard(double smooth, double eps, boolean logLoss) {
      return new Overlap(1, 1, 1, smooth, eps, logLoss);
    }
  }

  /**
   * The binary cross-entropy of every pixel, summed, or divided by the number of all pixels,
   * ignored ones included (as segmentation_models.pytorch).
   *
   * @param mean whether the sum is divided
   */
  record Bce(boolean mean) implements LossTerm {}
}
