package dev.quern.train.data;

/**
 * The mean of another image's channels.
 *
 * @param colour where they come from
 */
record GreyImage(Image colour) implements Image {

  @Override
  public int channels() {
    return 1;
  }

  @Override
  public int height() {
    return colour.height();
  }

  @Override
  public int width() {
    return colour.width();
  }

  @Override
  public int bits() {
    return colour.bits();
  }

  @Override
  public void read(int channel, int x, int y, int columns, int rows, float[] into, int offset) {
    int count = columns * rows;
    int channels = colour.channels();
    float[] plane = new float[count];
    colour.read(0, x, y, columns, rows, into, offset);
    for (int c = 1; c < channels; c++) {
      colour.read(c, x, y, columns, rows, plane, 0);
      for (int i = 0; i < count; i++) {
        into[offset + i] += plane[i];
      }
    }
    for (int i = offset; i < offset + count; i++) {
      into[i] /= channels;
    }
  }

  @Override
  public void close() {
    colour.close();
  }

  @Override
  public long heapBytes() {
    return colour.heapBytes();
  }
}
