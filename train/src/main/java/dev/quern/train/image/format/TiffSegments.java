package dev.quern.train.image.format;

import com.twelvemonkeys.io.enc.DecoderStream;
import com.twelvemonkeys.io.enc.PackBitsDecoder;
import dev.quern.train.image.sample.DamagedException;
import dev.quern.train.image.sample.Readers;
import dev.quern.train.image.sample.Storage;
import java.awt.Point;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.zip.InflaterInputStream;

/** The strips or tiles of a TIFF page, decompressed. */
final class TiffSegments {

  private static final int LZW_RATIO = 2731;
  private static final int PACK_BITS_RATIO = 64;
  private static final int FAX_ROW_BYTES = 1 << 13;

  private final MemorySegment file;
  private final TiffLayout layout;
  private final long[] offsets;
  private final long[] lengths;

  TiffSegments(MemorySegment file, TiffLayout layout) throws IOException {
    this.file = file;
    this.layout = layout;
    offsets = layout.directory.values(layout.tiled ? 324 : 273);
    long[] counts = layout.directory.values(layout.tiled ? 325 : 279);
    long wanted = (long) layout.across() * layout.down() * (layout.planar ? layout.samples : 1);
    if (offsets.length < wanted) {
      throw new DamagedException(
          "%d of %d strips or tiles are listed".formatted(offsets.length, wanted));
    }
    lengths = new long[offsets.length];
    for (int i = 0; i < wanted; i++) {
      // A missing or empty count is what old writers left; the data then go on to the end.
      boolean counted = i < counts.length && counts[i] > 0;
      long end = counted ? offsets[i] + counts[i] : file.byteSize();
      if (offsets[i] <= 0 || end > file.byteSize() || end < offsets[i]) {
        throw new DamagedException("strip or tile %d lies outside the file".formatted(i));
      }
      lengths[i] = end - offsets[i];
    }
  }

  int index(int column, int row, int plane) {
    return (plane * layout.down() + row) * layout.across() + column;
  }

  /** The bytes as they lie in the file. */
  MemorySegment raw(int index) {
    return file.asSlice(offsets[index], lengths[index]);
  }

  /** Refuses a segment that cannot hold the rows that are asked of it. */
  void requirePlausible(int index, int rows) throws IOException {
    long bytes = layout.rowBytes() * rows;
    long most =
        switch (layout.compression) {
          case TiffLayout.NONE -> lengths[index];
          case TiffLayout.PACK_BITS -> lengths[index] * PACK_BITS_RATIO;
          case TiffLayout.LZW -> lengths[index] * LZW_RATIO + LZW_RATIO;
          // A row of a fax takes a bit at least, and no fax is wider than a JPEG file.
          case TiffLayout.FAX_RUNS, TiffLayout.FAX_3, TiffLayout.FAX_4 ->
              lengths[index] * 8 * Math.min(layout.rowBytes(), FAX_ROW_BYTES);
          default -> lengths[index] * PngFile.DEFLATE_RATIO + PngFile.DEFLATE_RATIO;
        };
    if (bytes > most || layout.rowBytes() > Integer.MAX_VALUE - 8) {
      throw new DamagedException(
          "strip or tile %d cannot hold the %d bytes it should".formatted(index, bytes));
    }
  }

  /** The bytes of a segment, decompressed while they are read. */
  InputStream open(int index, int rows, Storage storage) throws IOException {
    MemorySegment raw = raw(index);
    if (layout.bitsReversed && !fax()) {
      raw = reversed(raw);
    }
    return switch (layout.compression) {
      case TiffLayout.NONE -> stream(raw);
      case TiffLayout.DEFLATE, TiffLayout.OLD_DEFLATE -> new InflaterInputStream(stream(raw));
      case TiffLayout.PACK_BITS -> new DecoderStream(stream(raw), new PackBitsDecoder());
      default -> throughReader(raw, rows, storage);
    };
  }

  private boolean fax() {
    return layout.compression >= TiffLayout.FAX_RUNS && layout.compression <= TiffLayout.FAX_4;
  }

  private static InputStream stream(MemorySegment raw) {
    if (raw.heapBase().orElse(null) instanceof byte[] array) {
      return new ByteArrayInputStream(array, (int) raw.address(), (int) raw.byteSize());
    }
    return new SegmentStream(raw);
  }

  private static MemorySegment reversed(MemorySegment raw) {
    byte[] bytes = raw.toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (Integer.reverse(bytes[i]) >>> 24);
    }
    return MemorySegment.ofArray(bytes);
  }

  /**
   * LZW and fax codes are left to a library, whose decoders are not public: it gets the segment as
   * a small TIFF file of grey bytes, or of bits for fax.
   */
  private InputStream throughReader(MemorySegment raw, int rows, Storage storage)
      throws IOException {
    int rowBytes = (int) layout.rowBytes();
    TiffWrapping wrapping = new TiffWrapping(layout, rowBytes, rows, raw.byteSize());
    List<MemorySegment> slices = List.of(wrapping.header(), raw);
    WritableRaster raster =
        fax() ? storage.packed(1, layout.tileWidth, rows) : storage.bytes(rowBytes, rows, 1);
    Readers.TIFF.readInto(raster, new Point(), slices, _ -> {});
    return new RasterBytes(raster, fax());
  }

  /** Rows of a raster as bytes. */
  private static final class RasterBytes extends InputStream {

    private final WritableRaster raster;
    private final boolean packed;
    private byte[] row = {};
    private int y;
    private int at;

    RasterBytes(WritableRaster raster, boolean packed) {
      this.raster = raster;
      this.packed = packed;
    }

    @Override
    public int read() {
      if (at == row.length && !nextRow()) {
        return -1;
      }
      return row[at++] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int count) {
      if (count == 0) {
        return 0;
      }
      if (at == row.length && !nextRow()) {
        return -1;
      }
      int read = Math.min(count, row.length - at);
      System.arraycopy(row, at, into, offset, read);
      at += read;
      return read;
    }

    private boolean nextRow() {
      if (y == raster.getHeight()) {
        return false;
      }
      int width = raster.getWidth();
      int[] samples = raster.getSamples(0, y, width, 1, 0, new int[width]);
      row = new byte[packed ? (width + 7) / 8 : width];
      for (int x = 0; x < width; x++) {
        if (packed) {
          row[x / 8] |= (byte) (samples[x] << (7 - x % 8));
        } else {
          row[x] = (byte) samples[x];
        }
      }
      y++;
      at = 0;
      return true;
    }
  }
}
