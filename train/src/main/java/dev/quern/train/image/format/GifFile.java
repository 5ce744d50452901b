package dev.quern.train.image.format;

import dev.quern.train.image.sample.DamagedException;
import dev.quern.train.image.sample.Orientation;
import dev.quern.train.image.sample.Palette;
import dev.quern.train.image.sample.PictureFile;
import dev.quern.train.image.sample.Readers;
import dev.quern.train.image.sample.Samples;
import dev.quern.train.image.sample.Size;
import dev.quern.train.image.sample.Storage;
import dev.quern.train.image.sample.Warnings;
import java.awt.Point;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** The first frame of a GIF file, on the canvas that the file declares. */
public final class GifFile implements PictureFile {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Pixels that a byte can stand for: strings of at most 4096 behind codes of 12 bits. */
  public static final long LZW_RATIO = 2731;

  private final MemorySegment file;
  private final Warnings warnings;
  private final int width;
  private final int height;
  private final int left;
  private final int top;
  private final int background;
  private final int[] colours;
  private int transparent = -1;
  private long position;

  public GifFile(MemorySegment file, Warnings warnings) throws IOException {
    this.file = file;
    this.warnings = warnings;
    require(13);
    int canvasWidth = unsignedShort(6);
    int canvasHeight = unsignedShort(8);
    int flags = unsigned(10);
    int screenBackground = unsigned(11);
    position = 13;
    long global = position;
    position += tableBytes(flags);
    require(0);
    skipExtensions();
    require(10);
    left = unsignedShort(position + 1);
    top = unsignedShort(position + 3);
    int frameWidth = unsignedShort(position + 5);
    int frameHeight = unsignedShort(position + 7);
    if (frameWidth == 0 || frameHeight == 0) {
      throw new DamagedException("its first frame has no pixels");
    }
    width = Math.max(canvasWidth, left + frameWidth);
    height = Math.max(canvasHeight, top + frameHeight);
    int frameFlags = unsigned(position + 9);
    position += 10;
    long local = position;
    position += tableBytes(frameFlags);
    require(1);
    colours =
        (frameFlags & 0x80) != 0
            ? table(local, frameFlags)
            : (flags & 0x80) != 0 ? table(global, flags) : Palette.fill(new int[0], 8);
    if (transparent >= 0) {
      colours[transparent] &= 0xFFFFFF;
    }
    background = transparent >= 0 ? transparent : screenBackground;
    if ((long) width * height / LZW_RATIO > file.byteSize()) {
      throw new DamagedException("its header claims more pixels than the file can hold");
    }
  }

  private static int tableBytes(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  private int[] table(long at, int flags) {
    int[] table = new int[tableBytes(flags) / 3];
    for (int i = 0; i < table.length; i++) {
      table[i] =
          0xFF000000
              | unsigned(at + 3L * i) << 16
              | unsigned(at + 3L * i + 1) << 8
              | unsigned(at + 3L * i + 2);
    }
    return Palette.fill(table, 8);
  }

  /** Stops at the first frame. */
  private void skipExtensions() throws IOException {
    while (true) {
      require(1);
      int block = unsigned(position);
      if (block == ',') {
        return;
      }
      if (block != '!') {
        throw new DamagedException("it holds no frame");
      }
      require(3);
      if (unsigned(position + 1) == 0xF9 && unsigned(position + 2) >= 4) {
        require(7);
        transparent = (unsigned(position + 3) & 1) == 0 ? -1 : unsigned(position + 6);
      }
      position += 2;
      skipBlocks();
    }
  }

  private void skipBlocks() throws IOException {
    int length;
    do {
      require(1);
      length = unsigned(position);
      require(1L + length);
      position += 1L + length;
    } while (length > 0);
  }

  private void require(long bytes) throws IOException {
    if (position + bytes > file.byteSize()) {
      throw new DamagedException("the GIF file is cut off");
    }
  }

  private int unsigned(long at) {
    return file.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  private int unsignedShort(long at) {
    return file.get(SHORT, at) & 0xFFFF;
  }

  @Override
  public int pages() {
    return 1;
  }

  @Override
  public Size size(int page) {
    return new Size(width, height, Palette.isGrey(colours) ? 1 : 3, 8);
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
    position++; // the smallest length of a code
    skipBlocks();
    if (position >= file.byteSize()) {
      warnings.add("the end marker of the GIF file is missing");
    } else if (unsigned(position) != ';') {
      warnings.add("only the first frame of the GIF file is read");
    }
    WritableRaster raster = storage.bytes(width, height, 1);
    int[] row = new int[width];
    Arrays.fill(row, background);
    for (int y = 0; y < height; y++) {
      raster.setSamples(0, y, width, 1, 0, row);
    }
    Readers.GIF.readInto(raster, new Point(left, top), List.of(file), _ -> {});
    return Samples.ofPalette(raster, colours);
  }
}
