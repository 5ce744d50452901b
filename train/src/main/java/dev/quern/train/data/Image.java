package dev.quern.train.data;

import dev.quern.nn.tile.Planes;

/**
 * A picture as models see it: planes of values, whose regions can be read one by one, so that a
 * picture need not be in memory whole. Values of integer files are divided by the largest value of
 * their depth, values of floating-point files are as in the file. May be read by several threads at
 * once. Has up to 16 planes.
 */
public interface Image extends Planes {

  /**
   * What a sample of the file is.
   *
   * @return bits per sample; 32 for floating point, too
   */
  int bits();

  /** Gives back what lies outside the heap; the image is not read afterwards. */
  default void close() {}

  /**
   * The number of pixels of one plane.
   *
   * @return {@code height * width}
   */
  default int pixels() {
    return height() * width();
  }

  /**
   * What this image takes in the heap.
   *
   * @return in bytes
   */
  long heapBytes();

  /**
   * One plane.
   *
   * @param channel 0 to {@code channels() - 1}
   * @return {@code height * width} values, row by row
   */
  default float[] plane(int channel) {
    float[] plane = new float[pixels()];
    read(channel, 0, 0, width(), height(), plane, 0);
    return plane;
  }

  /**
   * Brightness: the mean of the channels.
   *
   * @return this image when it has one channel, else an image of one channel over it
   */
  default Image grey() {
    return channels() == 1 ? this : new GreyImage(this);
  }

  /**
   * An image over an array.
   *
   * @param channels number of planes
   * @param height in pixels
   * @param width in pixels
   * @param values plane after plane, each row by row (CHW); not copied
   * @return the image, of 8 bits a sample
   */
  static Image of(int channels, int height, int width, float[] values) {
    return new ArrayImage(channels, height, width, 8, values);
  }
}
