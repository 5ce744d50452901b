package dev.quern.spi.loss;

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
   * Computes the softmax error |f - p| of a class without a difference from 1 where that would
   * cancel.
   *
   * @param e e^(x - greatest) of the class's logit x
   * @param rest the sum of these over all classes but the likeliest
   * @param foreground whether the pixel is labelled with the class
   * @return p = e / (1 + rest), or 1 - p for the foreground
   */
  public static float softmaxError(float e, float rest, boolean foreground) {
    float inverse = 1.0f / (1.0f + rest);
    boolean sure = e == 1.0f && rest < 1.0f;
    float small = (sure ? rest : e) * inverse;
    return foreground == sure ? small : 1.0f - small;
  }

  /**
   * Computes what an item adds to its list's loss: an infinite error that takes no step adds
   * nothing.
   *
   * @param error the error, or NaN
   * @param step how far it raises the Jaccard loss
   * @return their product
   */
  public static double share(float error, double step) {
    return step == 0 && error == Float.POSITIVE_INFINITY ? 0 : error * step;
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
