package dev.quern.train.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.image.sample.Storage;
import dev.quern.train.message.BadInputException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged pictures and such that lie about their size are refused with one sentence. */
class DamagedPicturesTest {

  @TempDir private Path folder;

  /** A file of each codec, cut off after every byte. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "grey8.png",
        "rgb8-interlaced.png",
        "palette8.gif",
        "rgb8.bmp",
        "palette8-rle.bmp",
        "rgb8.webp",
        "lossy-alpha.webp",
        "jpeg-444.jpg",
        "jpeg-progressive.jpg",
        "rgb8-lzw-predictor.tif",
        "rgb8-planar-tiles.tif",
        "rgb8-packbits.tif",
        "fax-g4.tif",
        "jpeg-tiles.tif",
        "rgb8-bigtiff.tif"
      })
  void cutOffAnywhereIsRefusedOrComplete(String name) {
    byte[] whole = Fixtures.bytes(name);
    float[] complete = samplesOf(name, whole);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      try {
        float[] samples = samplesOf(name, cut);
        // Only what does not matter was missing: padding or an end marker.
        assertEquals(0, Arrays.compare(complete, samples), name + " cut to " + length);
      } catch (BadInputException e) {
        requireSentence(e);
      }
    }
  }

  private static float[] samplesOf(String name, byte[] bytes) {
    try (Picture picture = PictureFiles.read(Path.of(name), MemorySegment.ofArray(bytes), 0)) {
      return Fixtures.samples(picture);
    }
  }

  /** One byte changed, many times over: a picture or a sentence, nothing else. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "palette4.png",
        "interlaced.gif",
        "palette8-rle.bmp",
        "rgb565.bmp",
        "smooth.webp",
        "lossy-alpha.webp",
        "jpeg-progressive.jpg",
        "ycck.jpg",
        "rgb8-tiles-lzw.tif",
        "fax-g3-2d.tif",
        "jpeg-strips.tif",
        "f32-predictor3.tif"
      })
  void flippedBytesAreRefusedOrRead(String name) {
    byte[] whole = Fixtures.bytes(name);
    Random random = new Random(7);
    for (int i = 0; i < 400; i++) {
      byte[] changed = whole.clone();
      changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
      try (Picture picture = PictureFiles.read(Path.of(name), MemorySegment.ofArray(changed), 0)) {
        picture.read(0, 0, 0, picture.width(), 1, new float[picture.width()], 0);
      } catch (BadInputException e) {
        requireSentence(e);
      }
    }
  }

  private static void requireSentence(BadInputException e) {
    String message = String.valueOf(e.getMessage());
    assertTrue(message.endsWith(".") && !message.contains("\n"), message);
  }

  private void refused(String name, byte[] bytes, String phrase) {
    Path file = Fixtures.write(folder, name, bytes);
    BadInputException e =
        assertThrows(BadInputException.class, () -> PictureFiles.read(file, 0).close());
    requireSentence(e);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(file.toString()) && message.contains(phrase), message);
  }

  @Test
  void hugePngHeader() {
    byte[] bytes = Fixtures.bytes("rgb8.png");
    ByteBuffer.wrap(bytes).putInt(16, 40_000).putInt(20, 40_000);
    CRC32 crc = new CRC32();
    crc.update(bytes, 12, 17);
    ByteBuffer.wrap(bytes).putInt(29, (int) crc.getValue());
    refused("a.png", bytes, "more pixels than the file can hold");
  }

  @Test
  void morePixelsThanAreRead() {
    byte[] bytes = Fixtures.bytes("rgb8.png");
    ByteBuffer.wrap(bytes).putInt(16, 60_000).putInt(20, 60_000);
    CRC32 crc = new CRC32();
    crc.update(bytes, 12, 17);
    ByteBuffer.wrap(bytes).putInt(29, (int) crc.getValue());
    refused("a.png", bytes, "60000 x 60000 pixels, more than the 2147483647 that are read");
  }

  @Test
  void hugeJpegHeader() {
    byte[] bytes = Fixtures.bytes("jpeg-444.jpg");
    for (int i = 0; i < bytes.length - 9; i++) {
      if (bytes[i] == (byte) 0xFF && bytes[i + 1] == (byte) 0xC0) {
        ByteBuffer.wrap(bytes).putShort(i + 5, (short) 40_000).putShort(i + 7, (short) 40_000);
      }
    }
    refused("a.jpg", bytes, "more pixels than the file can hold");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rgb8-none.tif",
        "rgb8-lzw.tif",
        "rgb8-deflate.tif",
        "rgb8-packbits.tif",
        "fax-g4.tif",
        "jpeg-strips.tif",
        "rgb8-tiles.tif"
      })
  void hugeTiffHeader(String name) {
    byte[] bytes = Fixtures.bytes(name);
    ByteBuffer tiff = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int directory = tiff.getInt(4);
    for (int i = 0; i < tiff.getShort(directory); i++) {
      int at = directory + 2 + 12 * i;
      int tag = tiff.getShort(at) & 0xFFFF;
      if (tag == 256 || tag == 257 || tag == 278) {
        tiff.putShort(at + 2, (short) 4).putInt(at + 8, 40_000);
      }
    }
    refused(name, bytes, "is damaged");
  }

  @Test
  void noRoomForTheTemporaryFile() {
    String before = System.setProperty("java.io.tmpdir", folder.resolve("none").toString());
    MemorySegment bytes = MemorySegment.ofArray(Fixtures.bytes("rgb8.png"));
    try {
      BadInputException e =
          assertThrows(
              BadInputException.class,
              () -> PictureFiles.read(Path.of("a.png"), bytes, 0, new Storage(0)).close());
      requireSentence(e);
      assertTrue(
          String.valueOf(e.getMessage()).contains("a.png needs a temporary file of 0 MB"),
          e.getMessage());
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }

  @Test
  void hugeBmpHeader() {
    byte[] bytes = Fixtures.bytes("rgb8.bmp");
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(18, 40_000).putInt(22, 40_000);
    refused("a.bmp", bytes, "the BMP file is cut off");
  }

  @Test
  void hugeRunLengthBmpHeader() {
    byte[] bytes = Fixtures.bytes("palette8-rle.bmp");
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(18, 40_000).putInt(22, 40_000);
    refused("a.bmp", bytes, "more pixels than the file can hold");
  }

  @Test
  void hugeGifHeader() {
    byte[] bytes = Fixtures.bytes("palette8.gif");
    for (int i = 13; i < bytes.length - 9; i++) {
      if (bytes[i] == ',' && bytes[i + 5] == 29 && bytes[i + 7] == 23) {
        ByteBuffer.wrap(bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort(i + 5, (short) 40_000)
            .putShort(i + 7, (short) 40_000);
        break;
      }
    }
    refused("a.gif", bytes, "more pixels than the file can hold");
  }

  @Test
  void hugeGifCanvas() {
    byte[] bytes = Fixtures.bytes("palette8.gif");
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort(6, (short) 40_000)
        .putShort(8, (short) 40_000);
    refused("a.gif", bytes, "more pixels than the file can hold");
  }

  @Test
  void hugeWebpHeader() {
    byte[] bytes = Fixtures.bytes("rgb8.webp");
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(21, 0x0FFFFFFF);
    refused("a.webp", bytes, "16384 x 16384 pixels, which needs");
  }

  @Test
  void otherKindsAreNamed() {
    Map<String, String> kinds =
        Map.of(
            "\0\0\0\u0018ftypheic", "a HEIC picture",
            "\0\0\0\u0018ftypavif", "an AVIF picture",
            "\0\0\0\fjP  \r\n", "a JPEG 2000 picture",
            "\0\0\0\fJXL \r\n", "a JPEG XL picture",
            "8BPS\0\u0001", "a Photoshop file",
            "%PDF-1.7", "a PDF document",
            "PK\u0003\u0004", "a ZIP archive",
            "<!DOCTYPE html><p>404", "an HTML page",
            "<svg xmlns=>", "an SVG drawing",
            "hello", "a text");
    kinds.forEach(
        (head, kind) -> refused("a.png", head.getBytes(StandardCharsets.ISO_8859_1), "is " + kind));
  }

  @Test
  void dicomAndGzipAreNamed() {
    byte[] dicom = new byte[200];
    System.arraycopy("DICM".getBytes(StandardCharsets.US_ASCII), 0, dicom, 128, 4);
    refused("a.png", dicom, "is a DICOM file, which is not read; convert it to PNG or TIFF");
    refused("b.png", new byte[] {0x1F, (byte) 0x8B, 8, 0}, "is a gzip archive");
  }

  @Test
  void emptyFile() {
    refused("a.png", new byte[0], "is empty; replace or remove it");
  }

  @Test
  void missingFile() {
    Path file = folder.resolve("none.png");
    BadInputException e =
        assertThrows(BadInputException.class, () -> PictureFiles.read(file, 0).close());
    assertTrue(String.valueOf(e.getMessage()).contains("no such file or folder"), e.getMessage());
  }

  @Test
  void folderInsteadOfFile() {
    BadInputException e =
        assertThrows(BadInputException.class, () -> PictureFiles.read(folder, 0).close());
    assertTrue(String.valueOf(e.getMessage()).contains("is a folder"), e.getMessage());
  }

  @Test
  void criticalPngChunkWithBadChecksum() {
    byte[] bytes = Fixtures.bytes("rgb8.png");
    bytes[60] ^= 1;
    refused("a.png", bytes, "a PNG checksum does not match");
  }

  @Test
  void pageThatIsNotThere() {
    Path file = Fixtures.copy("pages.tif", folder);
    BadInputException e =
        assertThrows(BadInputException.class, () -> PictureFiles.read(file, 2).close());
    assertTrue(
        String.valueOf(e.getMessage()).contains("has 2 pages and page 2 (from 0)"), e.getMessage());
  }
}
