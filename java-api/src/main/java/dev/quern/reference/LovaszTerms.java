package dev.quern.reference;

/**
 * The mathematics of the Lovasz losses, shared by the CPU backends. Errors are f32 and computed by
 * the same operations in the same order on every backend: which of two nearly equal errors comes
 * first decides over the gradient.
 */
public final class LovaszTerms {
  private LovaszTerms() {}

  /**
   * Computes the hinge error 1 - x (2 y - 1).
   *
   * @param x the logit
   * @param positive whether the label y is 1, else it is 0
   * @return 1 - x or 1 + x, rounded once
   */
  public static float hingeError(float x, boolean positive) {
    return positive ? 1.0f - x : 1.0f + x;
  }

  /**
   * Computes the probability of a class: e^(x - greatest) times the inverse of the sum of these
   * over the classes, added in their order.
   *
   * @param x the logit
   * @param greatest the greatest logit of the pixel
   * @param inverse 1 / the sum of the exponentials
   * @return the probability
   */
  public static float probability(float x, float greatest, float inverse) {
    return FloatMath.exp(x - greatest) * inverse;
  }

  /**
   * Computes by how much an item raises the Jaccard loss of the items before it: 1 / U for one of
   * the foreground, I / (U (U + 1)) for another, without the cancellation of a difference. The
   * first of a list without foreground takes all.
   *
   * @param foreground whether the item's label is the class in question
   * @param intersection I: the foreground of the list, less that before the item
   * @param union U: the foreground of the list and the other items before this one
   * @return the factor of the item's error
   */
  public static double jaccardStep(boolean foreground, double intersection, double union) {
    if (foreground) {
      return 1 / union;
    }
    return union == 0 ? 1 : intersection / (union * (union + 1));
  }

  /**
   * Returns what errors are sorted by: ascending keys are descending errors.
   *
   * @param error above 0, or NaN, which comes before all others
   * @return from 0 to 2^31 - 1
   */
  public static int key(float error) {
    return Integer.MAX_VALUE - Float.floatToIntBits(error);
  }
}
