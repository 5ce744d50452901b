package dev.quern.train.image;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Tells what a file is from its first bytes. */
final class Signature {

  /** How many bytes are looked at. */
  static final int LENGTH = 512;

  private record Known(int at, String bytes, ImageFormat format) {}

  private record Foreign(int at, String bytes, String what) {}

  private static final List<Known> READ =
      List.of(
          new Known(0, "\u0089PNG\r\n\u001A\n", ImageFormat.PNG),
          new Known(0, "\u00FF\u00D8\u00FF", ImageFormat.JPEG),
          new Known(0, "II*\0", ImageFormat.TIFF),
          new Known(0, "MM\0*", ImageFormat.TIFF),
          new Known(0, "II+\0", ImageFormat.TIFF),
          new Known(0, "MM\0+", ImageFormat.TIFF),
          new Known(0, "GIF87a", ImageFormat.GIF),
          new Known(0, "GIF89a", ImageFormat.GIF),
          new Known(8, "WEBP", ImageFormat.WEBP),
          new Known(0, "BM", ImageFormat.BMP));

  private static final List<Foreign> FOREIGN =
      List.of(
          new Foreign(4, "ftypavif", "an AVIF picture"),
          new Foreign(4, "ftypavis", "an AVIF picture"),
          new Foreign(4, "ftyphei", "a HEIC picture"),
          new Foreign(4, "ftyphev", "a HEIC picture"),
          new Foreign(4, "ftypmif1", "a HEIC picture"),
          new Foreign(4, "ftypmsf1", "a HEIC picture"),
          new Foreign(4, "ftyp", "a video or a HEIC picture"),
          new Foreign(0, "\0\0\0\fjP  ", "a JPEG 2000 picture"),
          new Foreign(0, "\u00FFO\u00FFQ", "a JPEG 2000 picture"),
          new Foreign(0, "\0\0\0\fJXL ", "a JPEG XL picture"),
          new Foreign(0, "\u00FF\n", "a JPEG XL picture"),
          new Foreign(0, "8BPS", "a Photoshop file"),
          new Foreign(0, "%PDF", "a PDF document"),
          new Foreign(128, "DICM", "a DICOM file"),
          new Foreign(344, "n+1\0", "a NIfTI volume"),
          new Foreign(344, "ni1\0", "a NIfTI volume"),
          new Foreign(0, "\u001F\u008B", "a gzip archive (perhaps a NIfTI volume)"),
          new Foreign(0, "ZISRAWFILE", "a CZI file of a microscope"),
          new Foreign(0, "PK\u0003\u0004", "a ZIP archive"),
          new Foreign(0, "\u0089HDF", "an HDF5 file"),
          new Foreign(0, "\u0093NUMPY", "a NumPy array"),
          new Foreign(0, "v/1\u0001", "an OpenEXR picture"),
          new Foreign(0, "#?RADIANCE", "a Radiance picture"));

  private Signature() {}

  static Optional<ImageFormat> formatOf(byte[] head) {
    return READ.stream()
        .filter(known -> standsAt(head, known.at, known.bytes))
        .filter(known -> known.format != ImageFormat.WEBP || standsAt(head, 0, "RIFF"))
        .map(Known::format)
        .findFirst();
  }

  /** Names what is not read, such as "a PDF document". */
  static Optional<String> foreign(byte[] head) {
    Optional<String> known =
        FOREIGN.stream()
            .filter(foreign -> standsAt(head, foreign.at, foreign.bytes))
            .map(Foreign::what)
            .findFirst();
    return known.isPresent() ? known : text(head);
  }

  private static Optional<String> text(byte[] head) {
    for (byte b : head) {
      if (b >= 0 && b < ' ' && b != '\t' && b != '\n' && b != '\r') {
        return Optional.empty();
      }
    }
    String text = new String(head, StandardCharsets.UTF_8).stripLeading();
    if (text.regionMatches(true, 0, "<!doctype html", 0, 14)
        || text.regionMatches(true, 0, "<html", 0, 5)) {
      return Optional.of("an HTML page (a failed download?)");
    }
    return Optional.of(text.contains("<svg") ? "an SVG drawing" : "a text");
  }

  private static boolean standsAt(byte[] head, int at, String bytes) {
    byte[] wanted = bytes.getBytes(StandardCharsets.ISO_8859_1);
    if (head.length < at + wanted.length) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if (head[at + i] != wanted[i]) {
        return false;
      }
    }
    return true;
  }
}
