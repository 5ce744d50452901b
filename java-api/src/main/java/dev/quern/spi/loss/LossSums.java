package dev.quern.spi.loss;

/**
 * The sums that pass 1 of a fused loss leaves for a segment, in the order of {@code QuernLossSums}:
 * their number and their indices.
 */
public final class LossSums {
  /** How many there are. */
  public static final int COUNT = 10;

  /** Of true positives. */
  public static final int TRUE_POSITIVES = 0;

  /** Of false positives, or of (p - t)^2 (SQUARED). */
  public static final int FALSE_POSITIVES = 1;

  /** Of false negatives, or of t^2 - p t (SQUARED). */
  public static final int FALSE_NEGATIVES = 2;

  /** Of the binary cross-entropy. */
  public static final int BCE = 3;

  /** Of the focal loss. */
  public static final int FOCAL = 4;

  /** Of the focal weights f. */
  public static final int FOCAL_NORM = 5;

  /** The number of elements that are not ignored. */
  public static final int VALID = 6;

  /** Of the cross-entropy. */
  public static final int CROSS_ENTROPY = 7;

  /** Of the labels' weights. */
  public static final int CROSS_ENTROPY_WEIGHT = 8;

  /** Of the focal loss through the softmax. */
  public static final int SOFTMAX_FOCAL = 9;

  private LossSums() {}
}
