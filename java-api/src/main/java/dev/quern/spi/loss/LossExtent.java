package dev.quern.spi.loss;

/**
 * The extent of a batch of logits, (images, classes, pixels) in this order in memory: pixels are
 * all spatial axes together.
 *
 * @param images the number of images, at least 0
 * @param classes the number of channels, at least 1
 * @param pixels the number of pixels of one channel of one image, at least 0
 */
public record LossExtent(long images, int classes, long pixels) {
  /** Checks the ranges. */
  public LossExtent {
    if (images < 0 || classes < 1 || pixels < 0) {
      throw new IllegalArgumentException(
          "A batch has at least 0 images, 1 class and 0 pixels, got %d, %d and %d."
              .formatted(images, classes, pixels));
    }
  }

  /**
   * Returns the number of logits.
   *
   * @return images x classes x pixels
   */
  public long elements() {
    return images * classes * pixels;
  }

  /**
   * Returns the number of labels of a batch with one label a pixel.
   *
   * @return images x pixels
   */
  public long labels() {
    return images * pixels;
  }
}
