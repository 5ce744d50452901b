package dev.quern.nn.tile;

import java.util.List;

/**
 * Planes as a network sees them: the mean of each channel taken off, and what is left divided by
 * the deviation. Where an image has fewer planes than the network channels, its last stands for the
 * rest.
 *
 * @param mean of each channel over all pixels of the training images
 * @param deviation of each channel, above 0
 */
public record ChannelStandardization(List<Float> mean, List<Float> deviation) {

  /** Copies the lists. */
  public ChannelStandardization {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
  }

  /**
   * The number of channels.
   *
   * @return of the network's input
   */
  public int channels() {
    return mean.size();
  }

  /**
   * Reads a region, plane after plane. What lies outside the image is reflected at its border.
   *
   * @param image the picture
   * @param x first column, may be below 0
   * @param y first row, may be below 0
   * @param width columns
   * @param height rows
   * @param into gets channels * height * width values
   * @param offset of the first
   */
  public void read(Planes image, int x, int y, int width, int height, float[] into, int offset) {
    boolean inside = x >= 0 && y >= 0 && x <= image.width() - width && y <= image.height() - height;
    for (int c = 0; c < channels(); c++) {
      int channel = Math.min(c, image.channels() - 1);
      int at = offset + c * width * height;
      if (inside) {
        image.read(channel, x, y, width, height, into, at);
      } else {
        reflect(image, channel, x, y, width, height, into, at);
      }
      float m = mean.get(c);
      float d = deviation.get(c);
      for (int i = at; i < at + width * height; i++) {
        into[i] = (into[i] - m) / d;
      }
    }
  }

  private static void reflect(
      Planes image, int channel, int x, int y, int width, int height, float[] into, int offset) {
    Reflection columns = Reflection.of(x, width, image.width());
    Reflection rows = Reflection.of(y, height, image.height());
    float[] part = new float[columns.length() * rows.length()];
    image.read(channel, columns.first(), rows.first(), columns.length(), rows.length(), part, 0);
    for (int row = 0; row < height; row++) {
      int from = (rows.at(y + row) - rows.first()) * columns.length();
      for (int column = 0; column < width; column++) {
        into[offset + row * width + column] = part[from + columns.at(x + column) - columns.first()];
      }
    }
  }
}
