package dev.quern.train.data;

/**
 * A decoded picture: {@code channels} planes of {@code height * width} values in [0, 1], row by
 * row, plane after plane (CHW).
 *
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param height in pixels
 * @param width in pixels
 * @param values {@code channels * height * width} values; not copied, by agreement not changed
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of pixels; never compared
public record Image(int channels, int height, int width, float[] values) {

  /** Checks that the array has the length the sizes ask for. */
  public Image {
    if ((long) channels * height * width != values.length) {
      throw new IllegalArgumentException(
          "An image of %d x %d x %d needs %d values, got %d"
              .formatted(channels, height, width, (long) channels * height * width, values.length));
    }
  }

  /**
   * The number of pixels of one plane.
   *
   * @return {@code height * width}
   */
  public int pixels() {
    return height * width;
  }

  /**
   * One plane of brightness.
   *
   * @return the plane itself when there is one channel, else the mean of the channels
   */
  public float[] grey() {
    if (channels == 1) {
      return values;
    }
    int pixels = pixels();
    float[] grey = new float[pixels];
    for (int i = 0; i < pixels; i++) {
      float sum = 0;
      for (int c = 0; c < channels; c++) {
        sum += values[c * pixels + i];
      }
      grey[i] = sum / channels;
    }
    return grey;
  }
}
