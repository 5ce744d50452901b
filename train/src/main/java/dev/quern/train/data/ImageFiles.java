package dev.quern.train.data;

import dev.quern.train.BadInputException;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.io.IoReason;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Reads PNG and JPEG files (grey, RGB, palette; 1 to 16 bit; alpha is dropped) and writes masks.
 * Sample values are taken as they stand in the file and divided by the largest value of their
 * depth; no colour profile or gamma is applied.
 */
public final class ImageFiles {

  private ImageFiles() {}

  /**
   * Says whether a file name ends like a picture this class reads.
   *
   * @param file any path
   * @return true for .png, .jpg and .jpeg in any case
   */
  public static boolean isImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return !name.startsWith(".")
        && (name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg"));
  }

  /**
   * Reads a picture.
   *
   * @param file PNG or JPEG
   * @return one plane for grey files, three for colour
   * @throws BadInputException when the file is missing, damaged or of a kind not read
   */
  public static Image readImage(Path file) {
    return planes(decode(file));
  }

  /**
   * Reads a mask: what is not black is the object. A JPEG mask, whose black is never quite black,
   * is cut at the middle of its range instead.
   *
   * @param file PNG or JPEG with values such as 0/1 or 0/255
   * @return the binary mask
   * @throws BadInputException when the file is missing, damaged or of a kind not read
   */
  public static Mask readMask(Path file) {
    Image image = planes(decode(file));
    boolean lossy = !String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".png");
    float above = lossy ? 0.5f : 0f;
    int pixels = image.pixels();
    byte[] values = new byte[pixels];
    float[] samples = image.values();
    for (int i = 0; i < samples.length; i++) {
      if (samples[i] > above) {
        values[i % pixels] = 1;
      }
    }
    return new Mask(image.height(), image.width(), values);
  }

  /**
   * Writes a mask as an 8-bit grey PNG of 0 and 255, whole or not at all.
   *
   * @param file the PNG to make or replace
   * @param mask its content
   * @throws BadInputException when the file cannot be written
   */
  public static void writeMask(Path file, Mask mask) {
    BufferedImage picture =
        new BufferedImage(mask.width(), mask.height(), BufferedImage.TYPE_BYTE_GRAY);
    int[] row = new int[mask.width()];
    for (int y = 0; y < mask.height(); y++) {
      for (int x = 0; x < row.length; x++) {
        row[x] = mask.values()[y * row.length + x] == 0 ? 0 : 255;
      }
      picture.getRaster().setPixels(0, y, row.length, 1, row);
    }
    byte[] bytes = png(picture);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /**
   * Encodes a picture.
   *
   * @param picture any kind that PNG can hold
   * @return the bytes of a PNG file
   */
  public static byte[] png(BufferedImage picture) {
    // ImageIO's cache is a temporary file; a full disk must not matter here.
    ImageIO.setUseCache(false);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(picture, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a byte array takes everything
    }
    return bytes.toByteArray();
  }

  private static BufferedImage decode(Path file) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BadInputException("Cannot read %s: %s.".formatted(file, IoReason.of(e)), e);
    }
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    try {
      if (name.endsWith(".png")) {
        PngChunks.verify(bytes);
      }
      return decode(bytes);
    } catch (IOException | RuntimeException e) {
      String reason =
          e instanceof IOException io ? IoReason.of(io) : String.valueOf(e.getMessage());
      throw new BadInputException(
          "%s is damaged or not a picture this program reads (%s); replace or remove it."
              .formatted(file, reason),
          e);
    }
  }

  private static BufferedImage decode(byte[] bytes) throws IOException {
    ImageIO.setUseCache(false);
    try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new IOException("neither PNG nor JPEG");
      }
      ImageReader reader = readers.next();
      try {
        List<String> faults = new ArrayList<>();
        // The JPEG reader reports missing data as a warning and paints the rest grey.
        reader.addIIOReadWarningListener((_, warning) -> {
          if (warning.contains("Corrupt") || warning.contains("Premature")) {
            faults.add(warning);
          }
        });
        reader.setInput(in, true, true);
        BufferedImage picture = reader.read(0);
        if (!faults.isEmpty()) {
          throw new IOException(faults.getFirst());
        }
        return picture;
      } finally {
        reader.dispose();
      }
    }
  }

  private static Image planes(BufferedImage picture) {
    return picture.getColorModel() instanceof IndexColorModel palette
        ? fromPalette(picture.getRaster(), palette)
        : fromSamples(picture.getRaster(), picture.getColorModel());
  }

  private static Image fromPalette(Raster raster, IndexColorModel palette) {
    int size = palette.getMapSize();
    float[][] colours = new float[3][size];
    boolean grey = true;
    for (int i = 0; i < size; i++) {
      colours[0][i] = palette.getRed(i) / 255f;
      colours[1][i] = palette.getGreen(i) / 255f;
      colours[2][i] = palette.getBlue(i) / 255f;
      grey &= palette.getRed(i) == palette.getGreen(i) && palette.getRed(i) == palette.getBlue(i);
    }
    int pixels = raster.getWidth() * raster.getHeight();
    int channels = grey ? 1 : 3;
    float[] values = new float[channels * pixels];
    int[] indices = raster.getSamples(0, 0, raster.getWidth(), raster.getHeight(), 0, (int[]) null);
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < pixels; i++) {
        values[c * pixels + i] = colours[c][indices[i]];
      }
    }
    return new Image(channels, raster.getHeight(), raster.getWidth(), values);
  }

  private static Image fromSamples(Raster raster, ColorModel model) {
    int channels = model.getNumColorComponents() >= 3 ? 3 : 1;
    int pixels = raster.getWidth() * raster.getHeight();
    float[] values = new float[channels * pixels];
    int[] samples = new int[pixels];
    for (int c = 0; c < channels; c++) {
      float largest = (1 << model.getComponentSize(c)) - 1;
      raster.getSamples(0, 0, raster.getWidth(), raster.getHeight(), c, samples);
      for (int i = 0; i < pixels; i++) {
        values[c * pixels + i] = samples[i] / largest;
      }
    }
    return new Image(channels, raster.getHeight(), raster.getWidth(), values);
  }
}
