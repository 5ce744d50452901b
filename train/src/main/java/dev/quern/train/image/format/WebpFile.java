package dev.quern.train.image.format;

import dev.quern.train.image.sample.DamagedException;
import dev.quern.train.image.sample.Orientation;
import dev.quern.train.image.sample.PictureFile;
import dev.quern.train.image.sample.Readers;
import dev.quern.train.image.sample.SampleType;
import dev.quern.train.image.sample.Samples;
import dev.quern.train.image.sample.Size;
import dev.quern.train.image.sample.Storage;
import dev.quern.train.image.sample.UnreadException;
import dev.quern.train.image.sample.Warnings;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * WebP, lossless and lossy, or the first frame of an animation. The reader sees the chunks with
 * pixels and alpha in a file made anew, so no profile is applied.
 */
public final class WebpFile implements PictureFile {

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int FRAME_HEADER = 16;

  /** The reader takes bits from a buffer that it fills beyond what it needs. */
  private static final int LOOKAHEAD = 64;

  /** Bytes of heap that the reader takes for a pixel, measured and rounded up. */
  private static final int LOSSLESS_BYTES = 16;

  private static final int LOSSY_BYTES = 48;

  private record Chunk(String type, MemorySegment whole, MemorySegment data) {}

  private final Warnings warnings;
  private @Nullable Chunk pixels;
  private @Nullable Chunk alpha;
  private @Nullable MemorySegment exif;
  private int width;
  private int height;
  private int frameX;
  private int frameY;
  private int canvasWidth;
  private int canvasHeight;

  public WebpFile(MemorySegment file, Warnings warnings) throws IOException {
    this.warnings = warnings;
    if (file.byteSize() < 20) {
      throw cutOff();
    }
    long end = 8 + Integer.toUnsignedLong(file.get(INT, 4));
    if (end > file.byteSize() + 1) {
      throw cutOff();
    }
    if (end < file.byteSize()) {
      warnings.add("the bytes after the end of its WebP data are ignored");
    }
    for (Chunk chunk : chunks(file.asSlice(0, Math.min(end, file.byteSize())), 12)) {
      take(chunk);
    }
    Chunk found = pixels;
    if (found == null) {
      throw new DamagedException("the WebP file holds no pixels");
    }
    readSize(found);
    if (canvasWidth == 0) {
      canvasWidth = width;
      canvasHeight = height;
    }
    if (frameX + width > canvasWidth || frameY + height > canvasHeight) {
      throw new DamagedException("its pixels do not fit its canvas");
    }
  }

  private static DamagedException cutOff() {
    return new DamagedException("the WebP file is cut off");
  }

  private static List<Chunk> chunks(MemorySegment bytes, long from) throws DamagedException {
    List<Chunk> chunks = new ArrayList<>();
    long position = from;
    while (position + 8 <= bytes.byteSize()) {
      long length = Integer.toUnsignedLong(bytes.get(INT, position + 4));
      if (position + 8 + length > bytes.byteSize()) {
        throw cutOff();
      }
      String type =
          new String(
              bytes.asSlice(position, 4).toArray(ValueLayout.JAVA_BYTE),
              StandardCharsets.ISO_8859_1);
      long padded = Math.min(length + (length & 1), bytes.byteSize() - position - 8);
      chunks.add(
          new Chunk(
              type, bytes.asSlice(position, 8 + padded), bytes.asSlice(position + 8, length)));
      position += 8 + padded;
    }
    return chunks;
  }

  private void take(Chunk chunk) throws DamagedException {
    switch (chunk.type()) {
      case "VP8 ", "VP8L" -> pixels = pixels == null ? chunk : pixels;
      case "ALPH" -> alpha = alpha == null ? chunk : alpha;
      case "EXIF" -> exif = exif == null ? chunk.data() : exif;
      case "VP8X" -> {
        require(chunk, 10);
        canvasWidth = 1 + unsigned24(chunk.data(), 4);
        canvasHeight = 1 + unsigned24(chunk.data(), 7);
      }
      case "ANMF" -> takeFrame(chunk);
      default -> {}
    }
  }

  private void takeFrame(Chunk chunk) throws DamagedException {
    require(chunk, FRAME_HEADER);
    if (pixels != null) {
      warnings.add("only the first frame of the WebP file is read");
      return;
    }
    frameX = 2 * unsigned24(chunk.data(), 0);
    frameY = 2 * unsigned24(chunk.data(), 3);
    for (Chunk part : chunks(chunk.data(), FRAME_HEADER)) {
      if (!part.type().equals("ANMF")) {
        take(part);
      }
    }
  }

  private void readSize(Chunk chunk) throws DamagedException {
    MemorySegment data = chunk.data();
    require(chunk, 10);
    if (lossless(chunk)) {
      int fields = data.get(INT, 1);
      width = 1 + (fields & 0x3FFF);
      height = 1 + (fields >>> 14 & 0x3FFF);
    } else {
      width = data.get(SHORT, 6) & 0x3FFF;
      height = data.get(SHORT, 8) & 0x3FFF;
    }
    if (width == 0 || height == 0) {
      throw new DamagedException("the WebP header names no pixels");
    }
  }

  private static void require(Chunk chunk, int bytes) throws DamagedException {
    if (chunk.data().byteSize() < bytes) {
      throw cutOff();
    }
  }

  private static boolean lossless(@Nullable Chunk chunk) {
    return chunk != null && chunk.type().equals("VP8L");
  }

  private static int unsigned24(MemorySegment from, long at) {
    return (from.get(SHORT, at) & 0xFFFF) | (from.get(ValueLayout.JAVA_BYTE, at + 2) & 0xFF) << 16;
  }

  @Override
  public int pages() {
    return 1;
  }

  @Override
  public Size size(int page) {
    return new Size(canvasWidth, canvasHeight, 3, 8);
  }

  @Override
  public Orientation orientation(int page) {
    MemorySegment block = exif;
    if (block == null) {
      return Orientation.UPRIGHT;
    }
    // Some programs put the marker of JPEG in front.
    boolean marked = block.byteSize() > 6 && block.get(INT, 0) == 0x66697845;
    return Orientation.ofExif(marked ? block.asSlice(6) : block, warnings);
  }

  @Override
  public boolean lossy(int page) {
    return !lossless(pixels);
  }

  @Override
  public Samples decode(int page, Storage storage) throws IOException {
    requireHeap();
    Chunk mask = lossless(pixels) ? null : alpha;
    if (mask != null && (mask.data().byteSize() == 0 || alphaCompression(mask) != 1)) {
      throw new UnreadException(
          "is a WebP file with alpha of a kind that is not read; convert it to PNG");
    }
    List<String> faults = new ArrayList<>();
    WritableRaster frame = Readers.WEBP.read(slices(mask), faults::add);
    if (!faults.isEmpty()) {
      throw new DamagedException(faults.getFirst());
    }
    boolean hasAlpha = frame.getNumBands() == 4;
    return Samples.of(onCanvas(frame, storage), 3, hasAlpha, SampleType.BYTE);
  }

  private static int alphaCompression(Chunk mask) {
    return mask.data().get(ValueLayout.JAVA_BYTE, 0) & 3;
  }

  private void requireHeap() throws UnreadException {
    long needed = (long) width * height * (lossless(pixels) ? LOSSLESS_BYTES : LOSSY_BYTES);
    long most = Runtime.getRuntime().maxMemory();
    if (needed > most / 2) {
      throw new UnreadException(
          String.format(
              Locale.ROOT,
              "is a WebP file of %d x %d pixels, which needs %d MB of Java's %d MB; give it more"
                  + " with QUERN_JAVA_OPTS=-Xmx or convert it to PNG",
              width,
              height,
              needed >> 20,
              most >> 20));
    }
  }

  private List<MemorySegment> slices(@Nullable Chunk mask) {
    List<MemorySegment> chunks = new ArrayList<>();
    if (mask != null) {
      chunks.add(extendedHeader());
      chunks.add(mask.whole());
    }
    if (pixels != null) {
      chunks.add(pixels.whole());
    }
    long length = 4 + chunks.stream().mapToLong(MemorySegment::byteSize).sum();
    ByteBuffer riff = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    riff.put("RIFF".getBytes(StandardCharsets.US_ASCII))
        .putInt((int) length)
        .put("WEBP".getBytes(StandardCharsets.US_ASCII));
    chunks.addFirst(MemorySegment.ofArray(riff.array()));
    chunks.add(MemorySegment.ofArray(new byte[LOOKAHEAD]));
    return chunks;
  }

  private MemorySegment extendedHeader() {
    ByteBuffer header = ByteBuffer.allocate(18).order(ByteOrder.LITTLE_ENDIAN);
    header.put("VP8X".getBytes(StandardCharsets.US_ASCII)).putInt(10).putInt(0x10);
    putUnsigned24(header, width - 1);
    putUnsigned24(header, height - 1);
    return MemorySegment.ofArray(header.array());
  }

  private static void putUnsigned24(ByteBuffer to, int value) {
    to.putShort((short) value).put((byte) (value >> 16));
  }

  private WritableRaster onCanvas(WritableRaster frame, Storage storage) throws IOException {
    if (width == canvasWidth && height == canvasHeight) {
      return frame;
    }
    long size = (long) canvasWidth * canvasHeight;
    if (size > Integer.MAX_VALUE) {
      throw new DamagedException("its header claims more pixels than the file can hold");
    }
    WritableRaster canvas = storage.bytes(canvasWidth, canvasHeight, frame.getNumBands());
    canvas.setRect(frameX, frameY, frame);
    return canvas;
  }
}
