package dev.quern.train.data;

/** Reads a plane of an image from top to bottom, some rows at a time. */
public final class Rows {

  /** Values read at a time: half a megabyte. */
  private static final int VALUES = 1 << 17;

  private Rows() {}

  /** Takes values that follow one another. */
  @FunctionalInterface
  public interface Consumer {
    /**
     * Some rows.
     *
     * @param values of whole rows
     * @param count how many of them count
     */
    void accept(float[] values, int count);
  }

  /**
   * Reads a plane.
   *
   * @param image where it is
   * @param channel which plane
   * @param consumer gets all of its values in order
   */
  public static void read(Image image, int channel, Consumer consumer) {
    int width = image.width();
    int most = Math.clamp(VALUES / width, 1, image.height());
    float[] values = new float[most * width];
    for (int y = 0; y < image.height(); y += most) {
      int rows = Math.min(most, image.height() - y);
      image.read(channel, 0, y, width, rows, values, 0);
      consumer.accept(values, rows * width);
    }
  }
}
