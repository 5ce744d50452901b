package dev.quern.train.image.format;

import dev.quern.train.image.sample.Cmyk;
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
import java.awt.Point;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * JPEG, baseline and progressive. The JDK's reader sees tables and scans only, behind an Adobe
 * marker that names the colours by libjpeg's rule; so no profile is applied and no faulty segment
 * matters.
 */
public final class JpegFile implements PictureFile {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** A block of 8 x 8 pixels takes a bit at least. */
  public static final long PIXELS_PER_BYTE = 512;

  /** What the three or four components are. */
  public enum Colours {
    /** Told by the markers of the file. */
    OF_THE_FILE,
    /** RGB or CMYK as it stands. */
    PLAIN,
    /** Luminance and chrominance. */
    YCC
  }

  private final MemorySegment file;
  private final Warnings warnings;
  private final Colours colours;
  private final List<MemorySegment> tables = new ArrayList<>();
  private @Nullable MemorySegment exif;
  private int frame;
  private int precision;
  private int width;
  private int height;
  private int[] components = {};
  private boolean jfif;
  private int adobeTransform = -1;
  private long firstScan;

  public JpegFile(MemorySegment file, Warnings warnings) throws IOException {
    this(file, warnings, null, Colours.OF_THE_FILE);
  }

  /** An abbreviated stream, as TIFF holds it. */
  public JpegFile(
      MemorySegment file, Warnings warnings, @Nullable MemorySegment tables, Colours colours)
      throws IOException {
    this.file = file;
    this.warnings = warnings;
    this.colours = colours;
    if (tables != null) {
      readTables(tables);
    }
    readHeader();
  }

  private void readTables(MemorySegment stream) throws IOException {
    JpegMarkers markers = new JpegMarkers(stream);
    for (int code = markers.next(); code != -1 && code != JpegMarkers.EOI; code = markers.next()) {
      if (code != JpegMarkers.SOI) {
        markers.content();
        tables.add(stream.asSlice(markers.start(), markers.position() - markers.start()));
      }
    }
  }

  private void readHeader() throws IOException {
    JpegMarkers markers = new JpegMarkers(file);
    for (int code = markers.next(); code != JpegMarkers.SOS; code = markers.next()) {
      if (code == -1) {
        throw JpegMarkers.cutOff();
      }
      if (code == JpegMarkers.EOI) {
        throw new DamagedException("the JPEG file holds no pixels");
      }
      if (code == JpegMarkers.SOI) {
        continue;
      }
      if (markers.stray()) {
        warnings.add("stray bytes between its JPEG segments are ignored");
      }
      MemorySegment content = markers.content();
      if (code >= 0xC0 && code <= 0xCF && code != JpegMarkers.DHT && code != 0xC8 && code != 0xCC) {
        readFrame(code, content);
      }
      if ((code >= JpegMarkers.APP0 && code <= JpegMarkers.APP15) || code == JpegMarkers.COM) {
        readApplication(code, content);
      } else {
        tables.add(file.asSlice(markers.start(), markers.position() - markers.start()));
      }
    }
    firstScan = markers.start();
    if (components.length == 0) {
      throw new DamagedException("the JPEG header is missing");
    }
  }

  private void readFrame(int code, MemorySegment content) throws DamagedException {
    if (components.length > 0) {
      throw new DamagedException("the JPEG file has two headers");
    }
    if (content.byteSize() < 6 || content.byteSize() < 6 + 3L * unsigned(content, 5)) {
      throw new DamagedException("the JPEG header is not valid");
    }
    frame = code;
    precision = unsigned(content, 0);
    height = content.get(SHORT, 1) & 0xFFFF;
    width = content.get(SHORT, 3) & 0xFFFF;
    components = new int[unsigned(content, 5)];
    for (int i = 0; i < components.length; i++) {
      components[i] = unsigned(content, 6 + 3L * i);
    }
    if (width == 0 || height == 0 || components.length == 0) {
      throw new DamagedException("the JPEG header names no pixels");
    }
  }

  private void readApplication(int code, MemorySegment content) {
    if (code == JpegMarkers.APP0 && startsWith(content, "JFIF\0")) {
      jfif = true;
    } else if (code == JpegMarkers.APP1 && startsWith(content, "Exif\0")) {
      if (exif == null && content.byteSize() > 6) {
        exif = content.asSlice(6);
      }
    } else if (code == JpegMarkers.APP14
        && startsWith(content, "Adobe")
        && content.byteSize() >= 12) {
      adobeTransform = unsigned(content, 11);
    }
  }

  private static boolean startsWith(MemorySegment content, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (i >= content.byteSize() || unsigned(content, i) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  @Override
  public int pages() {
    return 1;
  }

  @Override
  public Size size(int page) {
    return new Size(width, height, components.length == 1 ? 1 : 3, precision);
  }

  @Override
  public Orientation orientation(int page) {
    return exif == null ? Orientation.UPRIGHT : Orientation.ofExif(exif, warnings);
  }

  @Override
  public boolean lossy(int page) {
    return true;
  }

  @Override
  public Samples decode(int page, Storage storage) throws IOException {
    WritableRaster raster = decode(storage);
    return Samples.of(raster, raster.getNumBands(), false, SampleType.BYTE);
  }

  /** One band for grey, three of RGB otherwise. */
  public WritableRaster decode(Storage storage) throws IOException {
    requireKind();
    if ((long) width * height / PIXELS_PER_BYTE > file.byteSize()) {
      throw new DamagedException("its header claims more pixels than the file can hold");
    }
    List<MemorySegment> slices = new ArrayList<>();
    slices.add(MemorySegment.ofArray(new byte[] {(byte) 0xFF, (byte) JpegMarkers.SOI}));
    if (components.length > 1) {
      slices.add(adobeMarker(transform()));
    }
    slices.addAll(tables);
    slices.add(file.asSlice(firstScan, end() - firstScan));
    WritableRaster raster = storage.bytes(width, height, components.length);
    List<String> faults = new ArrayList<>();
    Readers.JPEG.readInto(raster, new Point(), slices, fault -> judge(fault, faults));
    if (!faults.isEmpty()) {
      throw new DamagedException(faults.getFirst());
    }
    return components.length == 4 ? Cmyk.toRgb(raster, storage) : raster;
  }

  private void requireKind() throws UnreadException {
    if (frame > 0xC8) {
      throw new UnreadException(
          "is a JPEG file with arithmetic coding, which is not read; convert it to PNG");
    }
    if (frame > 0xC2) {
      throw new UnreadException(
          "is a lossless or hierarchical JPEG file, which is not read; convert it to PNG");
    }
    if (precision != 8) {
      throw new UnreadException(
          "is a JPEG file of %d bits, and 8 are read; convert it to PNG or TIFF"
              .formatted(precision));
    }
    if (components.length != 1 && components.length != 3 && components.length != 4) {
      throw new UnreadException(
          "is a JPEG file of %d components, and 1, 3 and 4 are read; convert it to TIFF"
              .formatted(components.length));
    }
  }

  /** The decoder warns when it has to invent pixels; bytes it passes over are harmless. */
  private void judge(String warning, List<String> faults) {
    if (warning.contains("extraneous bytes")) {
      warnings.add("stray bytes in its JPEG data are ignored");
    } else if (warning.contains("Corrupt") || warning.contains("Premature")) {
      faults.add(warning);
    }
  }

  /** The rule of libjpeg; four components are as Adobe wrote them. */
  private int transform() {
    int ycc = components.length == 4 ? 2 : 1;
    return switch (colours) {
      case PLAIN -> 0;
      case YCC -> ycc;
      case OF_THE_FILE -> {
        if (adobeTransform >= 0) {
          yield adobeTransform == 0 ? 0 : ycc;
        }
        boolean rgb =
            components.length == 3
                && components[0] == 'R'
                && components[1] == 'G'
                && components[2] == 'B';
        yield components.length == 3 && (jfif || !rgb) ? ycc : 0;
      }
    };
  }

  private static MemorySegment adobeMarker(int transform) {
    byte[] marker = {
      (byte) 0xFF,
      (byte) JpegMarkers.APP14,
      0,
      14,
      'A',
      'd',
      'o',
      'b',
      'e',
      0,
      100,
      0,
      0,
      0,
      0,
      (byte) transform
    };
    return MemorySegment.ofArray(marker);
  }

  /** Behind EOI, or the end of the file where it is missing though all scans are there. */
  private long end() throws IOException {
    JpegMarkers markers = new JpegMarkers(file.asSlice(firstScan));
    JpegScans scans = new JpegScans(components.length, frame == 0xC2);
    for (int code = markers.next(); code != -1; code = markers.next()) {
      if (code == JpegMarkers.EOI) {
        long end = firstScan + markers.position();
        if (end < file.byteSize()) {
          warnings.add("the bytes after the end of its JPEG data are ignored");
        }
        return end;
      }
      if (code != JpegMarkers.SOI) {
        MemorySegment content = markers.content();
        if (code == JpegMarkers.SOS) {
          scans.add(content);
        }
      }
    }
    if (!scans.complete()) {
      throw JpegMarkers.cutOff();
    }
    warnings.add("the end marker of its JPEG data is missing");
    return file.byteSize();
  }

  private static int unsigned(MemorySegment from, long at) {
    return from.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }
}
