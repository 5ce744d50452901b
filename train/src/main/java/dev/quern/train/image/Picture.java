package dev.quern.train.image;

import dev.quern.train.image.sample.Orientation;
import dev.quern.train.image.sample.SampleType;
import dev.quern.train.image.sample.Samples;
import dev.quern.train.image.sample.Storage;
import dev.quern.train.image.sample.Warnings;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.util.List;
import java.util.Objects;

/**
 * A decoded picture: its samples as they stand in the file, turned upright. No colour profile or
 * gamma is applied. Reading is safe from many threads; closing is not.
 */
public final class Picture implements AutoCloseable {

  private final Samples samples;
  private final Orientation orientation;
  private final ImageFormat format;
  private final boolean lossy;
  private final List<String> warnings;
  private final Storage storage;

  Picture(
      Samples samples,
      Orientation orientation,
      ImageFormat format,
      boolean lossy,
      Warnings warnings,
      Storage storage) {
    this.samples = samples;
    this.orientation = orientation;
    this.format = format;
    this.lossy = lossy;
    this.warnings = warnings.sentences();
    this.storage = storage;
  }

  /**
   * Columns of the upright picture.
   *
   * @return in pixels
   */
  public int width() {
    return orientation.transposed() ? samples.raster().getHeight() : samples.raster().getWidth();
  }

  /**
   * Rows of the upright picture.
   *
   * @return in pixels
   */
  public int height() {
    return orientation.transposed() ? samples.raster().getWidth() : samples.raster().getHeight();
  }

  /**
   * Channels without alpha.
   *
   * @return 1 for grey and palettes of greys, 3 for RGB and other palettes, 2 to 16 otherwise
   */
  public int channels() {
    return samples.bands().length;
  }

  /**
   * Says whether there is an alpha channel, which then has the number {@link #channels()}.
   *
   * @return true also when a palette or one colour is transparent
   */
  public boolean alpha() {
    return samples.alpha();
  }

  /**
   * How a sample stands in the file; colours of a palette have 8 bits.
   *
   * @return the type of all channels
   */
  public SampleType type() {
    return samples.type();
  }

  /**
   * Says whether the file holds indices.
   *
   * @return true when {@link #readIndices} and {@link #colours} work
   */
  public boolean palette() {
    return samples.colours() != null;
  }

  /**
   * The palette.
   *
   * @return ARGB of every index that the bits of the file can hold
   * @throws IllegalStateException when there is none
   */
  public int[] colours() {
    return requirePalette().clone();
  }

  /**
   * What the file is, whatever its name says.
   *
   * @return the format told by the first bytes
   */
  public ImageFormat format() {
    return format;
  }

  /**
   * Says whether the samples went through a lossy compression, so that black is never quite black.
   *
   * @return true for JPEG, also inside TIFF, and for lossy WebP
   */
  public boolean lossy() {
    return lossy;
  }

  /**
   * What was wrong with the file and did not matter.
   *
   * @return sentences that name the file
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Reads a region of one channel.
   *
   * @param channel below {@link #channels()}, or equal to it for alpha
   * @param x first column
   * @param y first row
   * @param width columns to read
   * @param height rows to read
   * @param into takes sample values as they stand in the file, row by row
   * @param offset of the first value in {@code into}
   * @throws IndexOutOfBoundsException when the region or the channel is not in the picture
   */
  public void read(int channel, int x, int y, int width, int height, float[] into, int offset) {
    requireInside(x, y, width, height, into.length, offset);
    Objects.checkIndex(channel, channels() + (alpha() ? 1 : 0));
    for (int row = 0; row < height; row++) {
      readRow(channel, x, y + row, width, into, offset + row * width);
    }
  }

  /**
   * Reads a region of palette indices.
   *
   * @param x first column
   * @param y first row
   * @param width columns to read
   * @param height rows to read
   * @param into takes the indices, row by row
   * @param offset of the first index in {@code into}
   * @throws IllegalStateException when the picture has no palette
   * @throws IndexOutOfBoundsException when the region is not in the picture
   */
  public void readIndices(int x, int y, int width, int height, int[] into, int offset) {
    requirePalette();
    requireInside(x, y, width, height, into.length, offset);
    for (int row = 0; row < height; row++) {
      System.arraycopy(integers(0, x, y + row, width), 0, into, offset + row * width, width);
    }
  }

  private int[] requirePalette() {
    int[] colours = samples.colours();
    if (colours == null) {
      throw new IllegalStateException("the picture has no palette");
    }
    return colours;
  }

  private void requireInside(int x, int y, int width, int height, int room, int offset) {
    Objects.checkFromIndexSize(x, width, width());
    Objects.checkFromIndexSize(y, height, height());
    if (offset < 0 || (long) width * height > room - (long) offset) {
      throw new IndexOutOfBoundsException(
          "%d x %d values do not fit behind offset %d of %d"
              .formatted(width, height, offset, room));
    }
  }

  private void readRow(int channel, int x, int y, int width, float[] into, int offset) {
    boolean alpha = channel == channels();
    int[] colours = samples.colours();
    int[] transparent = samples.transparent();
    if (colours != null) {
      int shift = alpha ? 24 : 16 - 8 * channel;
      int[] indices = integers(0, x, y, width);
      for (int i = 0; i < width; i++) {
        into[offset + i] = colours[indices[i]] >>> shift & 0xFF;
      }
    } else if (alpha && transparent != null) {
      readTransparency(transparent, x, y, width, into, offset);
    } else {
      readBand(alpha ? samples.alphaBand() : samples.bands()[channel], x, y, width, into, offset);
    }
  }

  private void readTransparency(
      int[] transparent, int x, int y, int width, float[] into, int offset) {
    boolean[] opaque = new boolean[width];
    for (int band : samples.bands()) {
      int[] row = integers(band, x, y, width);
      for (int i = 0; i < width; i++) {
        opaque[i] |= row[i] != transparent[band];
      }
    }
    for (int i = 0; i < width; i++) {
      into[offset + i] = opaque[i] ? samples.type().largest() : 0;
    }
  }

  private void readBand(int band, int x, int y, int width, float[] into, int offset) {
    if (samples.raster().getTransferType() == DataBuffer.TYPE_FLOAT) {
      Source from = source(x, y, width);
      float[] row =
          samples
              .raster()
              .getSamples(from.x, from.y, from.width, from.height, band, new float[width]);
      for (int i = 0; i < width; i++) {
        into[offset + i] = row[from.reversed ? width - 1 - i : i];
      }
      return;
    }
    int[] row = integers(band, x, y, width);
    boolean wraps = samples.type().bits() == 32 && !samples.type().signed();
    for (int i = 0; i < width; i++) {
      // Through long, because the sum of two rounded floats would be rounded twice.
      into[offset + i] = wraps ? (float) Integer.toUnsignedLong(row[i]) : (float) row[i];
    }
  }

  private int[] integers(int band, int x, int y, int width) {
    Source from = source(x, y, width);
    int[] row =
        samples.raster().getSamples(from.x, from.y, from.width, from.height, band, new int[width]);
    if (from.reversed) {
      for (int i = 0, j = width - 1; i < j; i++, j--) {
        int swapped = row[i];
        row[i] = row[j];
        row[j] = swapped;
      }
    }
    return row;
  }

  /** The stored row or column that holds a piece of an upright row. */
  private record Source(int x, int y, int width, int height, boolean reversed) {}

  private Source source(int x, int y, int width) {
    Raster raster = samples.raster();
    boolean reversedX = orientation.reversedX();
    boolean reversedY = orientation.reversedY();
    if (orientation.transposed()) {
      int column = reversedX ? raster.getWidth() - 1 - y : y;
      int first = reversedY ? raster.getHeight() - x - width : x;
      return new Source(column, first, 1, width, reversedY);
    }
    int row = reversedY ? raster.getHeight() - 1 - y : y;
    int first = reversedX ? raster.getWidth() - x - width : x;
    return new Source(first, row, width, 1, reversedX);
  }

  /** Gives mapped memory back; does nothing for small pictures. */
  @Override
  public void close() {
    storage.close();
  }
}
