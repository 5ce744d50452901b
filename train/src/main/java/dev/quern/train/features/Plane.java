package dev.quern.train.features;

import dev.quern.train.data.Image;
import dev.quern.train.data.Tile;

/**
 * A part of one channel of an image with its integral images: the sum over any window in it, and
 * the sum of squares, in four reads. All coordinates are the image's.
 */
final class Plane {

  private final int height;
  private final int width;
  private final int left;
  private final int top;
  private final int columns;
  private final float[] values;
  private final double[] sums;
  private final double[] squares;
  private final Brightness brightness;

  /**
   * Reads a tile with what lies within a distance of it.
   *
   * @param image where it is
   * @param channel which plane
   * @param brightness of that plane
   * @param tile to be described
   * @param halo how far windows reach out of the tile
   */
  Plane(Image image, int channel, Brightness brightness, Tile tile, int halo) {
    this.height = image.height();
    this.width = image.width();
    this.brightness = brightness;
    this.left = Math.max(0, tile.x() - halo);
    this.top = Math.max(0, tile.y() - halo);
    this.columns = Math.min(width, tile.x() + tile.width() + halo) - left;
    int rows = Math.min(height, tile.y() + tile.height() + halo) - top;
    this.values = new float[columns * rows];
    image.read(channel, left, top, columns, rows, values, 0);
    brightness.range().apply(values);
    this.sums = new double[(rows + 1) * (columns + 1)];
    this.squares = new double[sums.length];
    for (int y = 0; y < rows; y++) {
      double row = 0;
      double rowSquares = 0;
      for (int x = 0; x < columns; x++) {
        double value = values[y * columns + x];
        row += value;
        rowSquares += value * value;
        int at = (y + 1) * (columns + 1) + x + 1;
        sums[at] = sums[at - columns - 1] + row;
        squares[at] = squares[at - columns - 1] + rowSquares;
      }
    }
  }

  float value(int x, int y) {
    return values[(y - top) * columns + x - left];
  }

  /** Of the whole plane. */
  Brightness brightness() {
    return brightness;
  }

  /** Mean of the window of radius r around a pixel. */
  double mean(int x, int y, int r) {
    return mean(x - r, y - r, x + r, y + r);
  }

  /** Mean of the window of radius r around the pixel of the image nearest to a point. */
  double near(int x, int y, int r) {
    return mean(Math.clamp(x, 0, width - 1), Math.clamp(y, 0, height - 1), r);
  }

  /** Standard deviation in the window of radius r around a pixel, whose mean is known. */
  double deviation(int x, int y, int r, double windowMean) {
    double meanSquare = window(squares, x - r, y - r, x + r, y + r);
    return Math.sqrt(Math.max(0, meanSquare - windowMean * windowMean));
  }

  /**
   * Mean of a window given by its corners, both included and cut at the image's border. Half a
   * window that lies outside wholly has the value of the border's pixels nearest to it.
   */
  double mean(int x0, int y0, int x1, int y1) {
    return window(sums, x0, y0, x1, y1);
  }

  private double window(double[] table, int x0, int y0, int x1, int y1) {
    int from = Math.clamp(x0, 0, width - 1) - left;
    int to = Math.clamp(x1, 0, width - 1) + 1 - left;
    int first = Math.clamp(y0, 0, height - 1) - top;
    int last = Math.clamp(y1, 0, height - 1) + 1 - top;
    int stride = columns + 1;
    double sum =
        table[last * stride + to]
            - table[first * stride + to]
            - table[last * stride + from]
            + table[first * stride + from];
    return sum / ((to - from) * (last - first));
  }
}
