package dev.quern.train.image;

import dev.quern.train.image.format.BmpFile;
import dev.quern.train.image.format.GifFile;
import dev.quern.train.image.format.JpegFile;
import dev.quern.train.image.format.PngFile;
import dev.quern.train.image.format.TiffFile;
import dev.quern.train.image.format.WebpFile;
import dev.quern.train.image.sample.FileBytes;
import dev.quern.train.image.sample.PictureFile;
import dev.quern.train.image.sample.Samples;
import dev.quern.train.image.sample.Size;
import dev.quern.train.image.sample.Storage;
import dev.quern.train.image.sample.UnreadException;
import dev.quern.train.image.sample.Warnings;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.ImageIO;

/**
 * Reads PNG, JPEG, TIFF, BMP, GIF and WebP files. What a file is, its first bytes say; its ending
 * only makes it a candidate. Faults that other programs overlook too are warnings of the picture; a
 * picture that lacks pixels is refused.
 */
public final class PictureFiles {

  private PictureFiles() {}

  static {
    // ImageIO's cache is a temporary file; a full disk must not matter here.
    ImageIO.setUseCache(false);
  }

  /**
   * Says whether a file name ends like a picture.
   *
   * @param file any path
   * @return true for png, jpg, jpeg, jpe, jfif, tif, tiff, bmp, gif and webp in any case, not for
   *     hidden files
   */
  public static boolean isPicture(Path file) {
    return !String.valueOf(file.getFileName()).startsWith(".")
        && ImageFormat.ofEnding(file).isPresent();
  }

  /**
   * Counts the pictures in a file.
   *
   * @param file a picture
   * @return the pages of a TIFF file without thumbnails, otherwise 1
   * @throws BadInputException when the file is missing, damaged or of a kind not read
   */
  public static int pages(Path file) {
    return with(file, (opened, _, _) -> opened.pages());
  }

  /**
   * Reads the header only.
   *
   * @param file a picture
   * @param page from 0
   * @return what the picture will have; the bits are those of an index where there is a palette
   * @throws BadInputException when the file is missing, damaged or of a kind not read
   */
  public static Size size(Path file, int page) {
    return with(
        file,
        (opened, _, _) -> {
          Size size = opened.size(checked(page, opened));
          return opened.orientation(page).transposed() ? size.transposed() : size;
        });
  }

  /**
   * Decodes a picture.
   *
   * @param file a picture
   * @param page from 0
   * @return to be closed when it is large
   * @throws BadInputException when the file is missing, damaged, too large or of a kind not read
   */
  public static Picture read(Path file, int page) {
    return with(
        file, (opened, format, warnings) -> decode(opened, page, format, warnings, new Storage()));
  }

  /** Decodes bytes that are no file; the name is for messages. */
  static Picture read(Path name, MemorySegment bytes, int page) {
    return read(name, bytes, page, new Storage());
  }

  static Picture read(Path name, MemorySegment bytes, int page, Storage storage) {
    return with(
        name, bytes, (opened, format, warnings) -> decode(opened, page, format, warnings, storage));
  }

  private static Picture decode(
      PictureFile opened, int page, ImageFormat format, Warnings warnings, Storage storage)
      throws IOException {
    Size size = opened.size(checked(page, opened));
    if ((long) size.width() * size.height() > Integer.MAX_VALUE) {
      throw new UnreadException(
          "has %d x %d pixels, more than the 2147483647 that are read; cut it into tiles"
              .formatted(size.width(), size.height()));
    }
    try {
      Samples samples = opened.decode(page, storage);
      return new Picture(
          samples, opened.orientation(page), format, opened.lossy(page), warnings, storage);
    } catch (Throwable e) {
      storage.close();
      throw e;
    }
  }

  private static int checked(int page, PictureFile file) throws IOException {
    if (page < 0 || page >= file.pages()) {
      throw new UnreadException(
          "has %d pages and page %d (from 0) was asked for; ask for one that is there"
              .formatted(file.pages(), page));
    }
    return page;
  }

  /** What is done with an opened file. */
  private interface Use<T> {
    T of(PictureFile file, ImageFormat format, Warnings warnings) throws IOException;
  }

  private static <T> T with(Path file, Use<T> use) {
    try (FileBytes bytes = new FileBytes(file)) {
      return with(file, bytes.all(), use);
    } catch (UnreadException e) {
      throw new BadInputException("%s %s.".formatted(file, e.getMessage()), e);
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot read %s: %s; check the path.".formatted(file, IoReason.of(e)), e);
    }
  }

  /** Whatever the libraries throw at damaged bytes becomes a sentence. */
  private static <T> T with(Path file, MemorySegment bytes, Use<T> use) {
    Warnings warnings = new Warnings(file);
    try {
      ImageFormat format = format(file, bytes, warnings);
      return use.of(open(format, bytes, warnings), format, warnings);
    } catch (UnreadException e) {
      throw new BadInputException("%s %s.".formatted(file, e.getMessage()), e);
    } catch (IOException e) {
      throw damaged(file, IoReason.of(e), e);
    } catch (RuntimeException | StackOverflowError e) {
      throw damaged(file, "its data are not valid", e);
    } catch (OutOfMemoryError e) {
      throw new BadInputException(
          "%s needs more memory than the %d MB Java has; give it more with QUERN_JAVA_OPTS=-Xmx or cut the picture into tiles."
              .formatted(file, Runtime.getRuntime().maxMemory() >> 20),
          e);
    } catch (InternalError e) {
      // A mapped page that cannot be had.
      throw new BadInputException(
          "%s could not be read through mapped memory, as when the disk is full or the file was cut while it was read; free space and try again."
              .formatted(file),
          e);
    }
  }

  private static BadInputException damaged(Path file, String phrase, Throwable cause) {
    return new BadInputException(
        "%s is damaged (%s); replace or remove it.".formatted(file, phrase.strip()), cause);
  }

  private static ImageFormat format(Path file, MemorySegment bytes, Warnings warnings)
      throws IOException {
    if (bytes.byteSize() == 0) {
      throw new UnreadException("is empty; replace or remove it");
    }
    byte[] head =
        bytes
            .asSlice(0, Math.min(Signature.LENGTH, bytes.byteSize()))
            .toArray(ValueLayout.JAVA_BYTE);
    ImageFormat format =
        Signature.formatOf(head)
            .orElseThrow(() ->
                new UnreadException(
                    "is %s, which is not read; convert it to PNG or TIFF"
                        .formatted(
                            Signature.foreign(head).orElse("not a picture this program knows"))));
    Optional<ImageFormat> promised = ImageFormat.ofEnding(file);
    if (promised.isPresent() && promised.get() != format) {
      warnings.add("it is a %s file, whatever its ending says".formatted(format.title()));
    }
    return format;
  }

  private static PictureFile open(ImageFormat format, MemorySegment bytes, Warnings warnings)
      throws IOException {
    return switch (format) {
      case PNG -> new PngFile(bytes, warnings);
      case JPEG -> new JpegFile(bytes, warnings);
      case TIFF -> new TiffFile(bytes, warnings);
      case BMP -> new BmpFile(bytes);
      case GIF -> new GifFile(bytes, warnings);
      case WEBP -> new WebpFile(bytes, warnings);
    };
  }
}
