package dev.quern.train.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.image.sample.Size;
import dev.quern.train.message.BadInputException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults that do not touch the pixels are warnings, and the pixels are the same. */
class TolerantReadingTest {

  @TempDir private Path folder;

  private void warned(String original, String name, byte[] bytes, String phrase) {
    Path file = Fixtures.write(folder, name, bytes);
    try (Picture picture = PictureFiles.read(file, 0);
        Picture sound = PictureFiles.read(Fixtures.copy(original, folder), 0)) {
      assertEquals(1, picture.warnings().size(), picture.warnings().toString());
      String warning = picture.warnings().getFirst();
      assertTrue(warning.contains(file.toString()) && warning.contains(phrase), warning);
      assertArrayEquals(Fixtures.samples(sound), Fixtures.samples(picture));
    }
  }

  private static byte[] insert(byte[] bytes, int at, byte... more) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, at);
    out.write(more, 0, more.length);
    out.write(bytes, at, bytes.length - at);
    return out.toByteArray();
  }

  @Test
  void wrongEnding() {
    warned("rgb8.png", "x.jpg", Fixtures.bytes("rgb8.png"), "it is a PNG file");
  }

  @Test
  void strayBytesBeforeEndOfJpeg() {
    byte[] bytes = Fixtures.bytes("jpeg-444.jpg");
    byte[] more = insert(bytes, bytes.length - 2, (byte) 1, (byte) 2, (byte) 3);
    warned("jpeg-444.jpg", "x.jpg", more, "stray bytes in its JPEG data are ignored");
  }

  @Test
  void bytesAfterEndOfJpeg() {
    byte[] bytes = Fixtures.bytes("jpeg-444.jpg");
    byte[] more = insert(bytes, bytes.length, (byte) 1, (byte) 2);
    warned("jpeg-444.jpg", "x.jpg", more, "bytes after the end of its JPEG data are ignored");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpeg-444.jpg", "jpeg-420.jpg", "jpeg-progressive.jpg", "jpeg-grey.jpg"})
  void missingEndOfJpeg(String name) {
    byte[] bytes = Fixtures.bytes(name);
    warned(
        name,
        "x.jpg",
        Arrays.copyOf(bytes, bytes.length - 2),
        "the end marker of its JPEG data is missing");
  }

  @Test
  void progressiveJpegWithoutItsLastScanIsRefused() {
    byte[] bytes = Fixtures.bytes("jpeg-progressive.jpg");
    int scan = bytes.length - 2;
    while (bytes[scan] != (byte) 0xFF || bytes[scan + 1] != (byte) 0xDA) {
      scan--;
    }
    Path file = Fixtures.write(folder, "x.jpg", Arrays.copyOf(bytes, scan));
    BadInputException e =
        assertThrows(BadInputException.class, () -> PictureFiles.read(file, 0).close());
    assertTrue(String.valueOf(e.getMessage()).contains("cut off"), e.getMessage());
  }

  @Test
  void badProfileInJpegDoesNotMatter() {
    byte[] bytes = Fixtures.bytes("jpeg-444.jpg");
    byte[] profile = new byte[40];
    profile[0] = (byte) 0xFF;
    profile[1] = (byte) 0xE2;
    profile[3] = 38;
    byte[] name = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(name, 0, profile, 4, name.length);
    profile[16] = 9;
    Path file = Fixtures.write(folder, "x.jpg", insert(bytes, 2, profile));
    try (Picture picture = PictureFiles.read(file, 0);
        Picture sound = PictureFiles.read(Fixtures.copy("jpeg-444.jpg", folder), 0)) {
      assertArrayEquals(Fixtures.samples(sound), Fixtures.samples(picture));
    }
  }

  @Test
  void damagedExif() {
    byte[] exif = new byte[20];
    exif[0] = (byte) 0xFF;
    exif[1] = (byte) 0xE1;
    exif[3] = 18;
    System.arraycopy("Exif\0\0MM".getBytes(StandardCharsets.US_ASCII), 0, exif, 4, 8);
    exif[14] = 99;
    byte[] bytes = insert(Fixtures.bytes("jpeg-444.jpg"), 2, exif);
    warned("jpeg-444.jpg", "x.jpg", bytes, "its EXIF block is damaged and ignored");
  }

  @Test
  void bytesAfterEndOfPng() {
    byte[] bytes = Fixtures.bytes("rgb8.png");
    byte[] more = insert(bytes, bytes.length, (byte) 1);
    warned("rgb8.png", "x.png", more, "bytes after the end of its PNG data are ignored");
  }

  @Test
  void ancillaryPngChunkWithBadChecksum() {
    byte[] chunk = "\0\0\0\1tEXtA1234".getBytes(StandardCharsets.US_ASCII);
    byte[] bytes = insert(Fixtures.bytes("rgb8.png"), 33, chunk);
    warned("rgb8.png", "x.png", bytes, "a checksum of its tEXt chunk does not match");
  }

  @Test
  void missingEndOfGif() {
    byte[] bytes = Fixtures.bytes("palette8.gif");
    warned(
        "palette8.gif",
        "x.gif",
        Arrays.copyOf(bytes, bytes.length - 1),
        "the end marker of the GIF file is missing");
  }

  @Test
  void bytesAfterEndOfWebp() {
    byte[] bytes = Fixtures.bytes("rgb8.webp");
    byte[] more = insert(bytes, bytes.length, (byte) 1, (byte) 1);
    warned("rgb8.webp", "x.webp", more, "bytes after the end of its WebP data are ignored");
  }

  @Test
  void soundPicturesHaveNoWarnings() {
    for (String name : new String[] {"rgb8.png", "jpeg-420.jpg", "rgb8.webp", "rgb8-lzw.tif"}) {
      try (Picture picture = PictureFiles.read(Fixtures.copy(name, folder), 0)) {
        assertEquals(0, picture.warnings().size(), name);
      }
    }
  }

  @Test
  void pagesAreCountedWithoutThumbnails() {
    Path file = Fixtures.copy("pages.tif", folder);
    assertEquals(2, PictureFiles.pages(file));
    assertEquals(new Size(29, 23, 1, 8), PictureFiles.size(file, 0));
    assertEquals(new Size(29, 23, 3, 8), PictureFiles.size(file, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a.PNG", "b.Jpeg", "c.jpe", "d.jfif", "e.tif", "f.TIFF", "g.bmp", "h.webp"})
  void endingsOfPictures(String name) {
    assertTrue(PictureFiles.isPicture(folder.resolve(name)));
    assertFalse(PictureFiles.isPicture(folder.resolve("." + name)));
    assertFalse(PictureFiles.isPicture(folder.resolve(name + ".txt")));
  }

  @Test
  void paletteIndicesAndColours() {
    try (Picture picture = PictureFiles.read(Fixtures.copy("palette8.png", folder), 0)) {
      assertTrue(picture.palette());
      assertEquals(256, picture.colours().length);
      int[] indices = new int[4];
      picture.readIndices(0, 0, 4, 1, indices, 0);
      assertArrayEquals(new int[] {0, 89, 178, 11}, indices);
      assertEquals(0xFF0000FF | 13 << 8, picture.colours()[0]);
    }
  }

  @Test
  void regionsOfTurnedPicturesAreTheSameAsTheWhole() {
    for (int tag = 1; tag <= 8; tag++) {
      try (Picture picture =
          PictureFiles.read(Fixtures.copy("turned-" + tag + ".jpg", folder), 0)) {
        float[] whole = Fixtures.samples(picture);
        float[] region = new float[2 + 5 * 4];
        picture.read(0, 3, 7, 5, 4, region, 2);
        for (int i = 0; i < 20; i++) {
          assertEquals(
              whole[(7 + i / 5) * picture.width() + 3 + i % 5], region[2 + i], "tag " + tag);
        }
      }
    }
  }
}
