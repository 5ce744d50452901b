package dev.quern.train.data;

/**
 * An image in the heap.
 *
 * @param channels number of planes
 * @param height in pixels
 * @param width in pixels
 * @param bits of a sample in the file
 * @param values plane after plane, each row by row
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of pixels; never compared
record ArrayImage(int channels, int height, int width, int bits, float[] values) implements Image {

  ArrayImage {
    if ((long) channels * height * width != values.length) {
      throw new IllegalArgumentException(
          "An image of %d x %d x %d needs %d values, got %d"
              .formatted(channels, height, width, (long) channels * height * width, values.length));
    }
  }

  @Override
  public void read(int channel, int x, int y, int columns, int rows, float[] into, int offset) {
    for (int row = 0; row < rows; row++) {
      int from = channel * pixels() + (y + row) * width + x;
      System.arraycopy(values, from, into, offset + row * columns, columns);
    }
  }

  @Override
  public long heapBytes() {
    return 4L * values.length;
  }
}
