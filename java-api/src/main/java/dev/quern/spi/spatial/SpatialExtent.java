package dev.quern.spi.spatial;

/**
 * The shape of channels-last images: element (n, y, x, c) lies at ((n * height + y) * width + x) *
 * channels + c.
 *
 * @param images the number of images
 * @param height rows of an image
 * @param width pixels of a row
 * @param channels numbers of a pixel
 */
public record SpatialExtent(long images, long height, long width, long channels) {
  /**
   * Returns the number of elements.
   *
   * @return the product
   */
  public long elements() {
    return images * height * width * channels;
  }
}
