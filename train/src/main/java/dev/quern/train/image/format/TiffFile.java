package dev.quern.train.image.format;

import dev.quern.train.image.sample.Cmyk;
import dev.quern.train.image.sample.DamagedException;
import dev.quern.train.image.sample.Orientation;
import dev.quern.train.image.sample.Palette;
import dev.quern.train.image.sample.PictureFile;
import dev.quern.train.image.sample.SampleType;
import dev.quern.train.image.sample.Samples;
import dev.quern.train.image.sample.Size;
import dev.quern.train.image.sample.Storage;
import dev.quern.train.image.sample.TiffDirectory;
import dev.quern.train.image.sample.Warnings;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * TIFF and BigTIFF. Libraries decompress the strips or tiles one after the other; their samples are
 * laid out here, because readers of whole files drop planes, keep quiet about missing data or hold
 * all of it in memory.
 */
public final class TiffFile implements PictureFile {

  private static final int JPEG_TABLES = 347;
  private static final int COLOUR_MAP = 320;

  private final MemorySegment file;
  private final Warnings warnings;
  private final List<TiffDirectory> pages;

  public TiffFile(MemorySegment file, Warnings warnings) throws IOException {
    this.file = file;
    this.warnings = warnings;
    List<TiffDirectory> all = TiffDirectory.all(file);
    List<TiffDirectory> full = new ArrayList<>();
    for (TiffDirectory directory : all) {
      if (!reduced(directory)) {
        full.add(directory);
      }
    }
    pages = full.isEmpty() ? all : full;
  }

  /** Thumbnails, coarser levels of a pyramid, and masks of other pages. */
  private static boolean reduced(TiffDirectory directory) throws DamagedException {
    return (directory.value(254, 0) & 5) != 0 || directory.value(255, 1) == 2;
  }

  @Override
  public int pages() {
    return pages.size();
  }

  private TiffLayout layout(int page) throws IOException {
    return new TiffLayout(pages.get(page), warnings);
  }

  @Override
  public Size size(int page) throws IOException {
    TiffLayout layout = layout(page);
    int channels =
        layout.photometric == TiffLayout.PALETTE
            ? Palette.isGrey(colours(layout)) ? 1 : 3
            : layout.channels();
    return new Size(layout.width, layout.height, channels, layout.bits);
  }

  @Override
  public Orientation orientation(int page) throws IOException {
    return Orientation.of(pages.get(page));
  }

  @Override
  public boolean lossy(int page) throws IOException {
    return layout(page).compression == TiffLayout.JPEG;
  }

  @Override
  public Samples decode(int page, Storage storage) throws IOException {
    TiffLayout layout = layout(page);
    TiffSegments segments = new TiffSegments(file, layout);
    if (layout.compression != TiffLayout.JPEG) {
      for (int row = 0; row < layout.down(); row++) {
        int rows = Math.min(layout.tileHeight, layout.height - row * layout.tileHeight);
        for (int i = 0; i < layout.across() * (layout.planar ? layout.samples : 1); i++) {
          segments.requirePlausible(
              segments.index(i % layout.across(), row, i / layout.across()), rows);
        }
      }
    }
    if ((long) layout.width * layout.height / JpegFile.PIXELS_PER_BYTE > file.byteSize()
        && layout.compression == TiffLayout.JPEG) {
      throw new DamagedException("its header claims more pixels than the file can hold");
    }
    WritableRaster raster =
        storage.planes(layout.type.dataType(), layout.width, layout.height, layout.samples);
    for (int plane = 0; plane < (layout.planar ? layout.samples : 1); plane++) {
      for (int row = 0; row < layout.down(); row++) {
        for (int column = 0; column < layout.across(); column++) {
          if (layout.compression == TiffLayout.JPEG) {
            copyJpeg(layout, segments, column, row, plane, raster, storage);
          } else {
            copyRows(layout, segments, column, row, plane, raster, storage);
          }
        }
      }
    }
    return samples(layout, raster, storage);
  }

  private static Samples samples(TiffLayout layout, WritableRaster raster, Storage storage)
      throws IOException {
    if (layout.photometric == TiffLayout.PALETTE) {
      return Samples.ofPalette(raster, colours(layout));
    }
    if (layout.photometric == TiffLayout.CMYK) {
      return Samples.of(Cmyk.toRgb(raster, storage), 3, false, SampleType.BYTE);
    }
    int[] bands = new int[layout.channels()];
    for (int i = 0, band = 0; i < bands.length; band++) {
      if (band != layout.alpha) {
        bands[i++] = band;
      }
    }
    return new Samples(raster, bands, layout.alpha, layout.type, null, null);
  }

  private static void copyRows(
      TiffLayout layout,
      TiffSegments segments,
      int column,
      int row,
      int plane,
      WritableRaster raster,
      Storage storage)
      throws IOException {
    int left = column * layout.tileWidth;
    int top = row * layout.tileHeight;
    int columns = Math.min(layout.tileWidth, layout.width - left);
    int rows = Math.min(layout.tileHeight, layout.height - top);
    TiffRow decoded = new TiffRow(layout);
    int[] integers = new int[columns];
    float[] floats = new float[columns];
    int index = segments.index(column, row, plane);
    try (Storage temporary = storage.another();
        InputStream in = segments.open(index, rows, temporary)) {
      for (int y = top; y < top + rows; y++) {
        if (in.readNBytes(decoded.bytes(), 0, decoded.bytes().length) < decoded.bytes().length) {
          throw new DamagedException("strip or tile %d is cut off".formatted(index));
        }
        decoded.decode();
        for (int band = 0; band < layout.samplesInSegment(); band++) {
          if (layout.type.floatingPoint()) {
            decoded.floats(band, columns, floats);
            raster.setSamples(left, y, columns, 1, plane + band, floats);
          } else {
            decoded.integers(band, columns, integers);
            raster.setSamples(left, y, columns, 1, plane + band, integers);
          }
        }
      }
    }
  }

  private void copyJpeg(
      TiffLayout layout,
      TiffSegments segments,
      int column,
      int row,
      int plane,
      WritableRaster raster,
      Storage storage)
      throws IOException {
    int left = column * layout.tileWidth;
    int top = row * layout.tileHeight;
    int columns = Math.min(layout.tileWidth, layout.width - left);
    int rows = Math.min(layout.tileHeight, layout.height - top);
    @Nullable MemorySegment tables = layout.directory.bytes(JPEG_TABLES).orElse(null);
    JpegFile jpeg =
        new JpegFile(
            segments.raw(segments.index(column, row, plane)),
            warnings,
            tables,
            layout.photometric == TiffLayout.YCBCR ? JpegFile.Colours.YCC : JpegFile.Colours.PLAIN);
    if (jpeg.width() < columns
        || jpeg.height() < rows
        || jpeg.width() > layout.tileWidth
        || jpeg.height() > layout.tileHeight) {
      throw new DamagedException(
          "a JPEG strip or tile has %d x %d pixels instead of %d x %d"
              .formatted(jpeg.width(), jpeg.height(), layout.tileWidth, layout.tileHeight));
    }
    try (Storage temporary = storage.another()) {
      WritableRaster decoded = jpeg.decode(temporary);
      if (decoded.getNumBands() != layout.samplesInSegment()) {
        throw new DamagedException(
            "a JPEG strip or tile has %d components instead of %d"
                .formatted(decoded.getNumBands(), layout.samplesInSegment()));
      }
      int[] line = new int[columns];
      for (int y = 0; y < rows; y++) {
        for (int band = 0; band < decoded.getNumBands(); band++) {
          decoded.getSamples(0, y, columns, 1, band, line);
          if (layout.photometric == TiffLayout.WHITE_IS_ZERO) {
            for (int x = 0; x < columns; x++) {
              line[x] = 255 - line[x];
            }
          }
          raster.setSamples(left, top + y, columns, 1, plane + band, line);
        }
      }
    }
  }

  /** The map has 16 bits; writers that filled it with 8 are known by its small numbers. */
  private static int[] colours(TiffLayout layout) throws DamagedException {
    long[] map = layout.directory.values(COLOUR_MAP);
    int size = Math.min(map.length / 3, 1 << layout.bits);
    int shift = 0;
    for (long value : map) {
      if (value > 255) {
        shift = 8;
      }
    }
    int[] colours = new int[size];
    for (int i = 0; i < size; i++) {
      colours[i] =
          0xFF000000
              | (int) (map[i] >> shift & 0xFF) << 16
              | (int) (map[map.length / 3 + i] >> shift & 0xFF) << 8
              | (int) (map[2 * (map.length / 3) + i] >> shift & 0xFF);
    }
    return Palette.fill(colours, layout.bits);
  }
}
