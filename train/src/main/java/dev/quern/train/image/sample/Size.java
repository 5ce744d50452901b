package dev.quern.train.image.sample;

/**
 * What the header of a picture says.
 *
 * @param width in pixels, after orientation
 * @param height in pixels, after orientation
 * @param channels without alpha
 * @param bits of one sample
 */
public record Size(int width, int height, int channels, int bits) {

  @SuppressWarnings("ArgumentSelectionDefectChecker") // rows become columns
  public Size transposed() {
    return new Size(height, width, channels, bits);
  }
}
