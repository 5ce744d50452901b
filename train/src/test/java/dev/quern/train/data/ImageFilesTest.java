package dev.quern.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.BadInputException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFilesTest {

  @TempDir Path folder;

  @Test
  void readsGreyOfEightAndSixteenBits() throws IOException {
    BufferedImage eight = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
    eight.getRaster().setSample(1, 1, 0, 51);
    Image image = ImageFiles.readImage(save(eight, "eight.png"));
    assertEquals(1, image.channels());
    assertEquals(2, image.height());
    assertEquals(3, image.width());
    assertEquals(51 / 255f, image.values()[4]);

    BufferedImage sixteen = new BufferedImage(3, 2, BufferedImage.TYPE_USHORT_GRAY);
    sixteen.getRaster().setSample(2, 0, 0, 40000);
    assertEquals(40000 / 65535f, ImageFiles.readImage(save(sixteen, "sixteen.png")).values()[2]);
  }

  @Test
  void readsColourAndDropsAlpha() throws IOException {
    for (int type :
        new int[] {
          BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_INT_ARGB
        }) {
      BufferedImage picture = new BufferedImage(2, 1, type);
      picture.setRGB(1, 0, 0xFF336699);
      Image image = ImageFiles.readImage(save(picture, "colour" + type + ".png"));
      assertEquals(3, image.channels());
      assertArrayEquals(
          new float[] {0, 0x33 / 255f, 0, 0x66 / 255f, 0, 0x99 / 255f}, image.values());
    }
  }

  @Test
  void readsPalettes() throws IOException {
    byte[] levels = {0, (byte) 255};
    IndexColorModel blackAndWhite = new IndexColorModel(1, 2, levels, levels, levels);
    BufferedImage picture = new BufferedImage(9, 1, BufferedImage.TYPE_BYTE_BINARY, blackAndWhite);
    picture.getRaster().setSample(8, 0, 0, 1);
    Image image = ImageFiles.readImage(save(picture, "binary.png"));
    assertEquals(1, image.channels());
    assertEquals(1f, image.values()[8]);
    assertEquals(0f, image.values()[7]);

    byte[] red = {0, (byte) 200};
    byte[] none = {0, 0};
    BufferedImage coloured =
        new BufferedImage(
            2, 1, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 2, red, none, none));
    coloured.getRaster().setSample(1, 0, 0, 1);
    Path file = save(coloured, "palette.png");
    assertEquals(3, ImageFiles.readImage(file).channels());
    assertArrayEquals(new byte[] {0, 1}, ImageFiles.readMask(file).values());
  }

  @Test
  void readsJpeg() throws IOException {
    BufferedImage picture = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 256; i++) {
      picture.getRaster().setSample(i % 16, i / 16, 0, i / 16 < 8 ? 0 : 250);
    }
    Path file = save(picture, "picture.jpg");
    assertEquals(250 / 255f, ImageFiles.readImage(file).values()[255], 0.02f);
    byte[] mask = ImageFiles.readMask(file).values();
    assertEquals(0, mask[0]);
    assertEquals(1, mask[255]);
  }

  @Test
  void masksOfZeroOneAndZero255AreTheSame() throws IOException {
    for (int high : new int[] {1, 255}) {
      BufferedImage picture = new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY);
      picture.getRaster().setSample(1, 0, 0, high);
      assertArrayEquals(
          new byte[] {0, 1, 0, 0},
          ImageFiles.readMask(save(picture, "mask" + high + ".png")).values());
    }
  }

  @Test
  void writesMasksItReadsBack() {
    Mask mask = new Mask(2, 3, new byte[] {0, 1, 1, 0, 0, 1});
    Path file = folder.resolve("new/mask.png");
    ImageFiles.writeMask(file, mask);
    Mask back = ImageFiles.readMask(file);
    assertArrayEquals(mask.values(), back.values());
    assertEquals(3, back.width());
  }

  @Test
  void namesDamagedFiles() throws IOException {
    BufferedImage picture = new BufferedImage(40, 40, BufferedImage.TYPE_BYTE_GRAY);
    picture.getRaster().setSample(7, 7, 0, 9);
    byte[] good = Files.readAllBytes(save(picture, "good.png"));
    for (int length = 0; length < good.length; length++) {
      assertDamaged(Arrays.copyOf(good, length), "cut.png");
    }
    for (int at = 0; at < good.length; at++) {
      byte[] flipped = good.clone();
      flipped[at] ^= 0x10;
      assertDamaged(flipped, "flipped.png");
    }
    byte[] jpeg = Files.readAllBytes(save(picture, "good.jpg"));
    assertDamaged(Arrays.copyOf(jpeg, jpeg.length - 20), "cut.jpg");
    assertDamaged("not a picture".getBytes(StandardCharsets.UTF_8), "text.jpg");
    BadInputException missing =
        assertThrows(
            BadInputException.class, () -> ImageFiles.readImage(folder.resolve("none.png")));
    assertTrue(String.valueOf(missing.getMessage()).contains("none.png"));
  }

  private void assertDamaged(byte[] bytes, String name) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, bytes);
    BadInputException e = assertThrows(BadInputException.class, () -> ImageFiles.readImage(file));
    assertTrue(String.valueOf(e.getMessage()).contains(name), e.getMessage());
  }

  private Path save(BufferedImage picture, String name) throws IOException {
    Path file = folder.resolve(name);
    assertTrue(ImageIO.write(picture, name.substring(name.length() - 3), file.toFile()));
    return file;
  }
}
