package dev.quern.nn.tile;

/** A picture of planes whose regions can be read one by one. */
public interface Planes {

  /**
   * The number of planes.
   *
   * @return 1 (grey), 3 (red, green, blue) or any other
   */
  int channels();

  /**
   * The height.
   *
   * @return in pixels
   */
  int height();

  /**
   * The width.
   *
   * @return in pixels
   */
  int width();

  /**
   * Reads a region of one plane, row by row.
   *
   * @param channel 0 to {@code channels() - 1}
   * @param x of the region's first column
   * @param y of its first row
   * @param columns of the region
   * @param rows of the region
   * @param into gets {@code columns * rows} values
   * @param offset of the first in {@code into}
   */
  void read(int channel, int x, int y, int columns, int rows, float[] into, int offset);
}
