package dev.quern.spi.loss;

/**
 * The coefficients of a segment's gradient that pass 2 of a fused loss reads, in the order of
 * {@code QuernLossCoefficients}: their number and their indices.
 */
public final class LossCoefficients {
  /** How many there are, the last for alignment. */
  public static final int COUNT = 8;

  /** The slope in p where p is a true positive: the coefficient of tau, or t. */
  public static final int HIT = 0;

  /** The slope in p where p is a false positive: of 1 - tau, 1 - t, or p - t. */
  public static final int MISS = 1;

  /** Of the binary cross-entropy. */
  public static final int BCE = 2;

  /** Of the focal loss. */
  public static final int FOCAL = 3;

  /** Of the focal weight. */
  public static final int FOCAL_NORM = 4;

  /** Of the cross-entropy. */
  public static final int CROSS_ENTROPY = 5;

  /** Of the focal loss through the softmax. */
  public static final int SOFTMAX_FOCAL = 6;

  private LossCoefficients() {}
}
