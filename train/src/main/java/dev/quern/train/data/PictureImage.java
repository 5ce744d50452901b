package dev.quern.train.data;

import dev.quern.train.image.Picture;
import dev.quern.train.message.BadInputException;
import java.nio.file.Path;

/** An image whose samples stay in the form of the file, because it is large. */
final class PictureImage implements Image {

  /** Share of the heap that one image may take as values in memory. */
  private static final int HEAP_SHARE = 16;

  private final Path file;
  private final Picture picture;
  private final float largest;

  private PictureImage(Path file, Picture picture) {
    this.file = file;
    this.picture = picture;
    // a palette's colours have 8 bits, whatever its indices have
    this.largest = picture.palette() ? 255 : picture.type().largest();
  }

  /**
   * An image over a picture: in the heap if it is not too large, otherwise read when asked for.
   *
   * @param file that the picture is of
   * @param picture closed with the image
   * @throws BadInputException when a value is not finite
   */
  static Image of(Path file, Picture picture) {
    PictureImage image = new PictureImage(file, picture);
    long bytes = heapBytes(picture.channels(), picture.width(), picture.height());
    if (bytes == 0) {
      return image;
    }
    float[] planes = new float[Math.toIntExact(bytes / Float.BYTES)];
    for (int c = 0; c < picture.channels(); c++) {
      image.read(c, 0, 0, picture.width(), picture.height(), planes, c * image.pixels());
    }
    picture.close();
    return new ArrayImage(
        picture.channels(), picture.height(), picture.width(), image.bits(), planes);
  }

  /** What an image takes in the heap; 0 if it is too large to be there. */
  static long heapBytes(int channels, int width, int height) {
    long values = (long) channels * width * height;
    long bytes = Float.BYTES * values;
    boolean large =
        bytes > Runtime.getRuntime().maxMemory() / HEAP_SHARE || values > Integer.MAX_VALUE - 8;
    return large ? 0 : bytes;
  }

  @Override
  public int channels() {
    return picture.channels();
  }

  @Override
  public int height() {
    return picture.height();
  }

  @Override
  public int width() {
    return picture.width();
  }

  @Override
  public int bits() {
    return picture.palette() ? 8 : picture.type().bits();
  }

  @Override
  public void read(int channel, int x, int y, int columns, int rows, float[] into, int offset) {
    picture.read(channel, x, y, columns, rows, into, offset);
    int end = offset + columns * rows;
    for (int i = offset; i < end; i++) {
      into[i] /= largest;
      if (!Float.isFinite(into[i])) {
        throw new BadInputException(
            "%s holds a value that is not finite (%s); replace such values, or the file."
                .formatted(file, into[i]));
      }
    }
  }

  @Override
  public long heapBytes() {
    return 0;
  }

  @Override
  public void close() {
    picture.close();
  }
}
