package dev.quern.train.unet;

import dev.quern.nn.tile.Reflection;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Seeds;
import java.util.random.RandomGenerator;

/**
 * A square part of an image, mirrored and turned: one of the eight ways to lay a square on itself.
 *
 * @param x first column; a crop larger than the image begins before it
 * @param y first row
 * @param side rows and columns
 * @param transposed whether rows and columns are exchanged, first
 * @param flippedX whether columns are then read backwards
 * @param flippedY whether rows are then read backwards
 */
record Crop(int x, int y, int side, boolean transposed, boolean flippedX, boolean flippedY) {

  /** Draws a part of an image and a way to lay it. */
  static Crop draw(Sample sample, int side, long seed, long epoch, int index) {
    RandomGenerator random = Seeds.generator(seed, Seeds.CROPS, (epoch << 32) + index);
    int x = origin(sample.image().width(), side, random);
    int y = origin(sample.image().height(), side, random);
    int way = random.nextInt(8);
    return new Crop(x, y, side, (way & 1) != 0, (way & 2) != 0, (way & 4) != 0);
  }

  /** Anywhere in the image; around the middle of one that is smaller. */
  private static int origin(int extent, int side, RandomGenerator random) {
    return extent > side ? random.nextInt(extent - side + 1) : -((side - extent) / 2);
  }

  /** Where in the upright crop an element of the laid one comes from, row by row. */
  int source(int row, int column) {
    int r = flippedY ? side - 1 - row : row;
    int c = flippedX ? side - 1 - column : column;
    return transposed ? c * side + r : r * side + c;
  }

  /** Lays a plane. */
  void lay(float[] upright, int from, float[] into, int at) {
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        into[at + row * side + column] = upright[from + source(row, column)];
      }
    }
  }

  /** Cuts and lays the mask, reflected at the image's border as the image is. */
  void mask(Sample sample, byte[] into, int at) {
    byte[] values = sample.mask().values();
    int width = sample.image().width();
    int height = sample.image().height();
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        int source = source(row, column);
        int line = Reflection.place(y + source / side, height);
        int place = Reflection.place(x + source % side, width);
        into[at + row * side + column] = values[line * width + place];
      }
    }
  }
}
