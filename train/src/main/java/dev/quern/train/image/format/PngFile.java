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
import dev.quern.train.image.sample.Warnings;
import java.awt.Point;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * PNG. The JDK's reader sees the critical chunks only; transparency and orientation are read here,
 * profiles and texts by nobody.
 */
public final class PngFile implements PictureFile {

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** A block of deflate holds no more than this times its length. */
  public static final long DEFLATE_RATIO = 1032;

  private static final int EXIF_LIMIT = 1 << 20;

  private final MemorySegment file;
  private final Warnings warnings;
  private final PngChunks chunks;
  private final List<MemorySegment> critical = new ArrayList<>();
  private final List<PngChunks.Chunk> data = new ArrayList<>();
  private final int width;
  private final int height;
  private final int bits;
  private final int colourType;
  private Orientation orientation = Orientation.UPRIGHT;
  private @Nullable MemorySegment palette;
  private @Nullable MemorySegment transparency;
  private boolean ended;

  public PngFile(MemorySegment file, Warnings warnings) throws IOException {
    this.file = file;
    this.warnings = warnings;
    chunks = new PngChunks(file);
    PngChunks.Chunk header = chunks.next();
    if (header == null || !header.type().equals("IHDR") || header.data().byteSize() != 13) {
      throw new DamagedException("the PNG header is missing");
    }
    take(header);
    width = header.data().get(INT, 0);
    height = header.data().get(INT, 4);
    bits = header.data().get(ValueLayout.JAVA_BYTE, 8);
    colourType = header.data().get(ValueLayout.JAVA_BYTE, 9);
    if (width <= 0 || height <= 0 || !validDepth()) {
      throw new DamagedException("the PNG header is not valid");
    }
    while (data.isEmpty() && !ended) {
      advance();
    }
    if (data.isEmpty()) {
      throw new DamagedException("the PNG file holds no pixels");
    }
    if (colourType == 3 && palette == null) {
      throw new DamagedException("the PNG palette is missing");
    }
  }

  private boolean validDepth() {
    return switch (colourType) {
      case 0 -> bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
      case 3 -> bits == 1 || bits == 2 || bits == 4 || bits == 8;
      case 2, 4, 6 -> bits == 8 || bits == 16;
      default -> false;
    };
  }

  private void advance() throws IOException {
    PngChunks.Chunk chunk = chunks.next();
    if (chunk == null) {
      throw new DamagedException("the PNG file is cut off");
    }
    if (!chunk.critical() && !chunk.sound()) {
      warnings.add("a checksum of its " + chunk.type() + " chunk does not match");
    } else {
      take(chunk);
    }
  }

  private void take(PngChunks.Chunk chunk) throws IOException {
    // Those of the pixels are checked when they are decoded.
    if (!chunk.type().equals("IDAT")) {
      requireSound(chunk);
    }
    switch (chunk.type()) {
      case "PLTE" -> {
        palette = chunk.data();
        if (palette.byteSize() == 0 || palette.byteSize() > 768 || palette.byteSize() % 3 != 0) {
          throw new DamagedException("the PNG palette is not valid");
        }
        if (colourType == 3) {
          critical.add(chunk.whole());
        }
      }
      case "IHDR", "IEND" -> critical.add(chunk.whole());
      case "IDAT" -> {
        critical.add(chunk.whole());
        data.add(chunk);
      }
      case "tRNS" -> transparency = chunk.data();
      case "eXIf" -> {
        if (chunk.data().byteSize() <= EXIF_LIMIT) {
          orientation = Orientation.ofExif(chunk.data(), warnings);
        }
      }
      default -> {}
    }
    ended = chunk.type().equals("IEND");
  }

  private static void requireSound(PngChunks.Chunk chunk) throws DamagedException {
    if (!chunk.sound()) {
      throw new DamagedException("a PNG checksum does not match");
    }
  }

  @Override
  public int pages() {
    return 1;
  }

  @Override
  public Size size(int page) {
    return new Size(width, height, colourType == 3 ? paletteChannels() : channels(), bits);
  }

  private int paletteChannels() {
    return Palette.isGrey(colours()) ? 1 : 3;
  }

  private int channels() {
    return (colourType & 2) == 0 ? 1 : 3;
  }

  @Override
  public Orientation orientation(int page) throws IOException {
    // An eXIf chunk may follow the pixels.
    readToEnd();
    return orientation;
  }

  @Override
  public boolean lossy(int page) {
    return false;
  }

  private void readToEnd() throws IOException {
    while (!ended) {
      advance();
    }
    if (chunks.bytesLeft() > 0) {
      warnings.add("the bytes after the end of its PNG data are ignored");
    }
  }

  @Override
  public Samples decode(int page, Storage storage) throws IOException {
    readToEnd();
    for (PngChunks.Chunk chunk : data) {
      requireSound(chunk);
    }
    boolean alpha = (colourType & 4) != 0;
    int bands = channels() + (alpha ? 1 : 0);
    if (colourType == 3) {
      bands = 1;
    }
    long rowBytes = ((long) width * bands * bits + 7) / 8;
    if (rowBytes > Integer.MAX_VALUE - 8 || rowBytes * height / DEFLATE_RATIO > file.byteSize()) {
      throw new DamagedException("its header claims more pixels than the file can hold");
    }
    WritableRaster raster =
        bits < 8
            ? storage.packed(bits, width, height)
            : bits == 8
                ? storage.bytes(width, height, bands)
                : storage.planes(DataBuffer.TYPE_USHORT, width, height, bands);
    List<MemorySegment> slices = new ArrayList<>(critical);
    slices.addFirst(file.asSlice(0, 8));
    Readers.PNG.readInto(raster, new Point(), slices, _ -> {});
    if (colourType == 3) {
      return Samples.ofPalette(raster, colours());
    }
    Samples samples = Samples.of(raster, channels(), alpha, SampleType.unsigned(bits));
    int[] transparent = transparentColour();
    return transparent == null ? samples : samples.withTransparent(transparent);
  }

  private int @Nullable [] transparentColour() {
    MemorySegment from = transparency;
    if (from == null || (colourType & 4) != 0 || from.byteSize() < 2L * channels()) {
      return null;
    }
    int[] colour = new int[channels()];
    for (int i = 0; i < colour.length; i++) {
      colour[i] = from.get(SHORT, 2L * i) & ((1 << bits) - 1);
    }
    return colour;
  }

  private int[] colours() {
    MemorySegment from = palette;
    int[] colours = new int[from == null ? 0 : (int) Math.min(from.byteSize() / 3, 1 << bits)];
    for (int i = 0; i < colours.length && from != null; i++) {
      int rgb = unsigned(from, 3L * i) << 16 | unsigned(from, 3L * i + 1) << 8;
      colours[i] = alphaOf(i) << 24 | rgb | unsigned(from, 3L * i + 2);
    }
    return Palette.fill(colours, bits);
  }

  private int alphaOf(int index) {
    MemorySegment from = transparency;
    return from != null && index < from.byteSize() ? unsigned(from, index) : 0xFF;
  }

  private static int unsigned(MemorySegment from, long at) {
    return from.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }
}
