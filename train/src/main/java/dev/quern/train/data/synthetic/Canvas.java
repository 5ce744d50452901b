package dev.quern.train.data.synthetic;

import java.util.Arrays;

/** Light and mask of a picture while it is drawn. */
final class Canvas {

  private final int side;
  private final byte[] mask;
  private float[] light;

  Canvas(int side) {
    this.side = side;
    this.mask = new byte[side * side];
    this.light = new float[side * side];
  }

  float[] light() {
    return light;
  }

  byte[] mask() {
    return mask;
  }

  void fill(double value) {
    Arrays.fill(light, (float) value);
  }

  /** Adds a cell, a little brighter in the middle, and marks it in the mask. */
  void cell(double centreX, double centreY, Outline outline, double contrast) {
    int reach = (int) Math.ceil(outline.reach());
    for (int y = low(centreY, reach); y < high(centreY, reach); y++) {
      for (int x = low(centreX, reach); x < high(centreX, reach); x++) {
        double depth = outline.depth(x - centreX, y - centreY);
        if (depth <= 1) {
          light[y * side + x] += (float) (contrast * (1 - 0.3 * depth * depth));
          mask[y * side + x] = 1;
        }
      }
    }
  }

  /** Adds a wide Gaussian spot; the mask stays. */
  void glow(double centreX, double centreY, double sigma, double contrast) {
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        double distance = (x - centreX) * (x - centreX) + (y - centreY) * (y - centreY);
        light[y * side + x] += (float) (contrast * StrictMath.exp(-distance / (2 * sigma * sigma)));
      }
    }
  }

  /** Lifts a small round spot to at least a brightness; the mask stays. */
  void dab(double centreX, double centreY, double radius, double brightness) {
    int reach = (int) Math.ceil(radius);
    for (int y = low(centreY, reach); y < high(centreY, reach); y++) {
      for (int x = low(centreX, reach); x < high(centreX, reach); x++) {
        double distance = (x - centreX) * (x - centreX) + (y - centreY) * (y - centreY);
        if (distance <= radius * radius) {
          light[y * side + x] = Math.max(light[y * side + x], (float) brightness);
        }
      }
    }
  }

  /** Gaussian blur, rows then columns; the border repeats. */
  void blur(double sigma) {
    int reach = (int) Math.ceil(3 * sigma);
    double[] kernel = new double[2 * reach + 1];
    double sum = 0;
    for (int i = -reach; i <= reach; i++) {
      kernel[i + reach] = StrictMath.exp(-i * i / (2 * sigma * sigma));
      sum += kernel[i + reach];
    }
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] /= sum;
    }
    light = convolve(convolve(light, kernel, 1, side), kernel, side, 1);
  }

  private float[] convolve(float[] in, double[] kernel, int along, int across) {
    int reach = kernel.length / 2;
    float[] out = new float[in.length];
    for (int line = 0; line < side; line++) {
      for (int at = 0; at < side; at++) {
        double sum = 0;
        for (int k = -reach; k <= reach; k++) {
          int from = Math.clamp(at + k, 0, side - 1);
          sum += kernel[k + reach] * in[line * across + from * along];
        }
        out[line * across + at * along] = (float) sum;
      }
    }
    return out;
  }

  private int low(double centre, int reach) {
    return Math.clamp((int) Math.floor(centre) - reach, 0, side);
  }

  private int high(double centre, int reach) {
    return Math.clamp((int) Math.ceil(centre) + reach + 1, 0, side);
  }
}
