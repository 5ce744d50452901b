package dev.quern.train.features;

import dev.quern.train.data.Otsu;

/**
 * One channel of an image with its integral images: the sum over any window, and the sum of
 * squares, in four reads.
 */
final class Plane {

  private final float[] values;
  private final int height;
  private final int width;
  private final double[] sums;
  private final double[] squares;
  private final double mean;
  private final double deviation;
  private final float threshold;

  Plane(float[] values, int height, int width) {
    this.values = values;
    this.height = height;
    this.width = width;
    this.sums = new double[Math.multiplyExact(height + 1, width + 1)];
    this.squares = new double[sums.length];
    for (int y = 0; y < height; y++) {
      double row = 0;
      double rowSquares = 0;
      for (int x = 0; x < width; x++) {
        double value = values[y * width + x];
        row += value;
        rowSquares += value * value;
        int at = (y + 1) * (width + 1) + x + 1;
        sums[at] = sums[at - width - 1] + row;
        squares[at] = squares[at - width - 1] + rowSquares;
      }
    }
    int reach = Math.max(height, width);
    this.mean = mean(0, 0, reach);
    this.deviation = deviation(0, 0, reach, mean);
    this.threshold = Otsu.threshold(values);
  }

  int width() {
    return width;
  }

  float value(int pixel) {
    return values[pixel];
  }

  /** Mean of the whole plane. */
  double mean() {
    return mean;
  }

  /** Standard deviation of the whole plane. */
  double deviation() {
    return deviation;
  }

  /** Otsu's threshold of the plane. */
  float threshold() {
    return threshold;
  }

  /** Mean of the window of radius r around a pixel of the plane. */
  double mean(int x, int y, int r) {
    return mean(x - r, y - r, x + r, y + r);
  }

  /** Mean of the window of radius r around the pixel of the plane nearest to a point. */
  double near(int x, int y, int r) {
    return mean(Math.clamp(x, 0, width - 1), Math.clamp(y, 0, height - 1), r);
  }

  /** Standard deviation in the window of radius r around a pixel, whose mean is known. */
  double deviation(int x, int y, int r, double windowMean) {
    double meanSquare = window(squares, x - r, y - r, x + r, y + r);
    return Math.sqrt(Math.max(0, meanSquare - windowMean * windowMean));
  }

  /**
   * Mean of a window given by its corners, both included and cut at the border. Half a window that
   * lies outside wholly has the value of the border's pixels nearest to it.
   */
  double mean(int x0, int y0, int x1, int y1) {
    return window(sums, x0, y0, x1, y1);
  }

  private double window(double[] table, int x0, int y0, int x1, int y1) {
    int left = Math.clamp(x0, 0, width - 1);
    int right = Math.clamp(x1, 0, width - 1) + 1;
    int top = Math.clamp(y0, 0, height - 1);
    int bottom = Math.clamp(y1, 0, height - 1) + 1;
    int stride = width + 1;
    double sum =
        table[bottom * stride + right]
            - table[top * stride + right]
            - table[bottom * stride + left]
            + table[top * stride + left];
    return sum / ((right - left) * (bottom - top));
  }
}
