package dev.quern.train.image;

import dev.quern.train.image.format.PngChunks;
import dev.quern.train.image.sample.DamagedException;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * Writes grey PNG files row by row, whole or not at all. They say in their {@code Software} text
 * that this program made them, so that predictions are never taken for masks of the user.
 */
public final class PictureWriter {

  private static final String OURS = "Software\0quern predict";

  /** The text is the second chunk; header, its length and this make a hundred bytes. */
  private static final int HEAD = 128;

  private PictureWriter() {}

  /** Gives the rows of a picture, from the first to the last. */
  @FunctionalInterface
  public interface RowSource {
    /**
     * Fills one row.
     *
     * @param y its number
     * @param row takes the values, 0 to 255 or 0 to 65535
     */
    void read(int y, int[] row);
  }

  /**
   * Writes an 8-bit grey PNG.
   *
   * @param file the PNG to make or replace
   * @param width in pixels
   * @param height in pixels
   * @param rows values from 0 to 255
   * @throws BadInputException when the file cannot be written
   */
  public static void writeGrey(Path file, int width, int height, RowSource rows) {
    write(file, width, height, 1, rows);
  }

  /**
   * Writes a 16-bit grey PNG, as for probabilities.
   *
   * @param file the PNG to make or replace
   * @param width in pixels
   * @param height in pixels
   * @param rows values from 0 to 65535
   * @throws BadInputException when the file cannot be written
   */
  public static void writeGrey16(Path file, int width, int height, RowSource rows) {
    write(file, width, height, 2, rows);
  }

  private static void write(Path file, int width, int height, int bytes, RowSource rows) {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "a picture of %d x %d pixels cannot be written".formatted(width, height));
    }
    AtomicFile.write(
        file,
        out -> {
          PngOutput png = new PngOutput(out);
          ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
          header.put((byte) (8 * bytes));
          png.chunk("IHDR", header.array(), header.capacity());
          byte[] text = OURS.getBytes(StandardCharsets.ISO_8859_1);
          png.chunk("tEXt", text, text.length);
          Deflater deflater = new Deflater();
          try (OutputStream pixels = new DeflaterOutputStream(png, deflater, 1 << 16)) {
            writeRows(width, height, bytes, rows, pixels);
          } finally {
            deflater.end();
          }
        });
  }

  private static void writeRows(
      int width, int height, int bytes, RowSource rows, OutputStream pixels) throws IOException {
    int[] row = new int[width];
    // The first byte stays 0: no filter.
    byte[] line = new byte[1 + width * bytes];
    for (int y = 0; y < height; y++) {
      rows.read(y, row);
      int at = 1;
      for (int value : row) {
        if (bytes == 2) {
          line[at++] = (byte) (value >> 8);
        }
        line[at++] = (byte) value;
      }
      pixels.write(line);
    }
  }

  /**
   * Says whether this program wrote a PNG; only the first bytes are read.
   *
   * @param file any file
   * @return false for other files, also damaged ones
   * @throws BadInputException when the file cannot be read
   */
  public static boolean isOurs(Path file) {
    byte[] head;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(HEAD);
    } catch (IOException e) {
      throw new BadInputException(
          "Cannot read %s: %s; check the path.".formatted(file, IoReason.of(e)), e);
    }
    if (!Signature.formatOf(head).equals(Optional.of(ImageFormat.PNG))) {
      return false;
    }
    PngChunks chunks = new PngChunks(MemorySegment.ofArray(head));
    try {
      for (PngChunks.Chunk chunk = chunks.next(); chunk != null; chunk = chunks.next()) {
        byte[] text = chunk.data().toArray(ValueLayout.JAVA_BYTE);
        if (chunk.type().equals("tEXt")
            && new String(text, StandardCharsets.ISO_8859_1).equals(OURS)) {
          return true;
        }
      }
    } catch (DamagedException _) {
      // A chunk that is longer than what was read ends the search.
    }
    return false;
  }
}
