package dev.quern.train.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The kinds of picture files that are read. */
public enum ImageFormat {
  /** Portable Network Graphics. */
  PNG("PNG", "png"),
  /** JPEG. */
  JPEG("JPEG", "jpg", "jpeg", "jpe", "jfif"),
  /** TIFF and BigTIFF. */
  TIFF("TIFF", "tif", "tiff"),
  /** Windows bitmap. */
  BMP("BMP", "bmp"),
  /** GIF. */
  GIF("GIF", "gif"),
  /** WebP. */
  WEBP("WebP", "webp");

  private final String title;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> endings;

  ImageFormat(String title, String... endings) {
    this.title = title;
    this.endings = List.of(endings);
  }

  /**
   * The name people know.
   *
   * @return such as "WebP"
   */
  public String title() {
    return title;
  }

  /** The format that the ending of a file name promises. */
  static Optional<ImageFormat> ofEnding(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    String ending = name.substring(name.lastIndexOf('.') + 1);
    for (ImageFormat format : values()) {
      if (name.length() > ending.length() && format.endings.contains(ending)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }
}
