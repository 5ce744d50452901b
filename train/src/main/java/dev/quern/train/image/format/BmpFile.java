package dev.quern.train.image.format;

import dev.quern.train.image.sample.DamagedException;
import dev.quern.train.image.sample.Orientation;
import dev.quern.train.image.sample.Palette;
import dev.quern.train.image.sample.PictureFile;
import dev.quern.train.image.sample.Readers;
import dev.quern.train.image.sample.SampleType;
import dev.quern.train.image.sample.Samples;
import dev.quern.train.image.sample.Size;
import dev.quern.train.image.sample.Storage;
import dev.quern.train.image.sample.UnreadException;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Windows bitmaps. Rows without compression are taken straight from the file, so that a picture may
 * be larger than the heap; run lengths are left to the JDK's reader.
 */
public final class BmpFile implements PictureFile {

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int FILE_HEADER = 14;
  private static final int CORE_HEADER = 12;

  private static final int PLAIN = 0;
  private static final int RLE8 = 1;
  private static final int RLE4 = 2;
  private static final int BITFIELDS = 3;
  private static final int ALPHA_BITFIELDS = 6;

  /** Pixels that a byte of run lengths can stand for. */
  private static final int RLE_RATIO = 128;

  private final MemorySegment file;
  private final long pixels;
  private final int width;
  private final int height;
  private final boolean topDown;
  private final int bits;
  private final int compression;
  private final int[] masks;
  private final int[] colours;

  public BmpFile(MemorySegment file) throws IOException {
    this.file = file;
    require(FILE_HEADER + CORE_HEADER);
    pixels = Integer.toUnsignedLong(file.get(INT, 10));
    int header = file.get(INT, FILE_HEADER);
    if (header == CORE_HEADER) {
      width = file.get(SHORT, 18) & 0xFFFF;
      height = file.get(SHORT, 20) & 0xFFFF;
      topDown = false;
      bits = file.get(SHORT, 24);
      compression = PLAIN;
    } else {
      if (header < 40 || header > 1024) {
        throw new DamagedException("the BMP header is not valid");
      }
      require(FILE_HEADER + (long) header);
      width = file.get(INT, 18);
      topDown = file.get(INT, 22) < 0;
      height = Math.abs(file.get(INT, 22));
      bits = file.get(SHORT, 28);
      compression = file.get(INT, 30);
    }
    if (width <= 0 || height <= 0) {
      throw new DamagedException("the BMP header names no pixels");
    }
    requireKind();
    masks = bits > 8 ? masks(header) : new int[4];
    colours = bits > 8 ? new int[0] : palette(header);
  }

  private void requireKind() throws IOException {
    boolean known =
        switch (compression) {
          case PLAIN ->
              bits == 1
                  || bits == 2
                  || bits == 4
                  || bits == 8
                  || bits == 16
                  || bits == 24
                  || bits == 32;
          case RLE8 -> bits == 8 && !topDown;
          case RLE4 -> bits == 4 && !topDown;
          case BITFIELDS, ALPHA_BITFIELDS -> bits == 16 || bits == 32;
          default -> false;
        };
    if (!known) {
      throw new UnreadException(
          "is a BMP file of %d bits and compression %d, which is not read; convert it to PNG"
              .formatted(bits, compression));
    }
  }

  private int[] masks(int header) throws IOException {
    if (compression == PLAIN) {
      return bits == 16
          ? new int[] {0x7C00, 0x3E0, 0x1F, 0}
          : new int[] {0xFF0000, 0xFF00, 0xFF, 0};
    }
    // A header of 40 bytes has the masks behind it, a longer one inside, at the same place.
    boolean alpha = header >= 56 || compression == ALPHA_BITFIELDS;
    require(FILE_HEADER + 40 + (alpha ? 16 : 12));
    int[] read = new int[4];
    for (int i = 0; i < (alpha ? 4 : 3); i++) {
      read[i] = file.get(INT, FILE_HEADER + 40 + 4L * i);
    }
    if (read[0] == 0 || read[1] == 0 || read[2] == 0) {
      throw new DamagedException("the BMP header has no colour masks");
    }
    return read;
  }

  private int[] palette(int header) throws IOException {
    int entry = header == CORE_HEADER ? 3 : 4;
    int used = header == CORE_HEADER ? 0 : file.get(INT, 46);
    int size = used <= 0 || used > 1 << bits ? 1 << bits : used;
    long start = FILE_HEADER + (long) header;
    // A palette that runs into the pixels is shorter than it says.
    size = (int) Math.min(size, Math.max(0, (pixels - start) / entry));
    require(start + (long) size * entry);
    int[] read = new int[size];
    for (int i = 0; i < size; i++) {
      long at = start + (long) i * entry;
      read[i] = 0xFF000000 | unsigned(at + 2) << 16 | unsigned(at + 1) << 8 | unsigned(at);
    }
    return Palette.fill(read, bits);
  }

  private void require(long bytes) throws DamagedException {
    if (bytes > file.byteSize()) {
      throw new DamagedException("the BMP file is cut off");
    }
  }

  private int unsigned(long at) {
    return file.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  @Override
  public int pages() {
    return 1;
  }

  @Override
  public Size size(int page) {
    return new Size(width, height, bits > 8 || !Palette.isGrey(colours) ? 3 : 1, Math.min(bits, 8));
  }

  @Override
  public Orientation orientation(int page) {
    return Orientation.UPRIGHT;
  }

  @Override
  public boolean lossy(int page) {
    return false;
  }

  @Override
  public Samples decode(int page, Storage storage) throws IOException {
    if (compression == RLE8 || compression == RLE4) {
      return Samples.ofPalette(runs(storage), colours);
    }
    long stride = ((long) width * bits + 31) / 32 * 4;
    // The padding of the last row may be missing.
    require(pixels + stride * (height - 1) + ((long) width * bits + 7) / 8);
    return bits > 8
        ? direct(stride, storage)
        : Samples.ofPalette(indices(stride, storage), colours);
  }

  private long row(int y, long stride) {
    return pixels + stride * (topDown ? y : height - 1 - y);
  }

  private WritableRaster indices(long stride, Storage storage) throws IOException {
    WritableRaster raster = storage.bytes(width, height, 1);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      long start = row(y, stride);
      for (int x = 0; x < width; x++) {
        long bit = (long) x * bits;
        row[x] = unsigned(start + bit / 8) >> (8 - bits - bit % 8) & ((1 << bits) - 1);
      }
      raster.setSamples(0, y, width, 1, 0, row);
    }
    return raster;
  }

  private Samples direct(long stride, Storage storage) throws IOException {
    boolean alpha = masks[3] != 0;
    int bands = alpha ? 4 : 3;
    WritableRaster raster = storage.bytes(width, height, bands);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      long start = row(y, stride);
      for (int band = 0; band < bands; band++) {
        for (int x = 0; x < width; x++) {
          row[x] = sample(pixel(start, x), masks[band]);
        }
        raster.setSamples(0, y, width, 1, band, row);
      }
    }
    return Samples.of(raster, 3, alpha, SampleType.BYTE);
  }

  private int pixel(long start, int x) {
    return switch (bits) {
      case 16 -> file.get(SHORT, start + 2L * x) & 0xFFFF;
      case 24 ->
          unsigned(start + 3L * x)
              | unsigned(start + 3L * x + 1) << 8
              | unsigned(start + 3L * x + 2) << 16;
      default -> file.get(INT, start + 4L * x);
    };
  }

  /** Brings fields of other widths to 8 bits. */
  private static int sample(int pixel, int mask) {
    long largest = Integer.toUnsignedLong(mask) >>> Integer.numberOfTrailingZeros(mask);
    long value = Integer.toUnsignedLong(pixel & mask) >>> Integer.numberOfTrailingZeros(mask);
    return largest == 255 ? (int) value : (int) ((value * 255 + largest / 2) / largest);
  }

  private WritableRaster runs(Storage storage) throws IOException {
    long size = (long) width * height;
    if (size / RLE_RATIO > file.byteSize()) {
      throw new DamagedException("its header claims more pixels than the file can hold");
    }
    if (storage.large(size)) {
      throw new UnreadException(
          "is a run-length BMP file of %d x %d pixels, too many for this kind; convert it to PNG"
              .formatted(width, height));
    }
    WritableRaster packed = Readers.BMP.read(List.of(file), _ -> {});
    WritableRaster raster = storage.bytes(width, height, 1);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      raster.setSamples(0, y, width, 1, 0, packed.getSamples(0, y, width, 1, 0, row));
    }
    return raster;
  }
}
