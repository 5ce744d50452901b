package dev.quern.train.data.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.Refusal;
import dev.quern.train.image.Picture;
import dev.quern.train.image.PictureFiles;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each kind of mask that people have, read by the rule that fits and by those that do not. */
class MaskFilesTest {

  private static final int WIDTH = 16;
  private static final int HEIGHT = 12;

  @TempDir Path folder;

  @Test
  void zeroAndOneAreAsGoodAsZeroAnd255() {
    for (int high : new int[] {1, 255}) {
      Path file = grey("mask" + high + ".png", high, 0);
      assertArrayEquals(shape(0), read(file, "auto", null).mask().values());
      assertEquals(Set.of(0, high), read(file, "auto", null).facts().values().keySet());
    }
  }

  @Test
  void aSixteenBitMaskKeepsItsValues() {
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_USHORT_GRAY);
    paint(picture, 0, 1000);
    Path file = save(picture, "png", "sixteen.png");
    assertEquals(Set.of(0, 1000), read(file, "auto", null).facts().values().keySet());
    assertArrayEquals(shape(0), read(file, "above=999", null).mask().values());
    assertEquals(0, read(file, "above=1000", null).facts().object());
  }

  @Test
  void aLossyMaskIsCutAtTheMiddleOfItsRange() {
    Path file = save(painted(BufferedImage.TYPE_BYTE_GRAY, 255), "jpg", "mask.jpg");
    MaskFiles.Read read = read(file, "auto", null);
    assertTrue(read.facts().lossy());
    assertArrayEquals(shape(0), read.mask().values());
    // a JPEG of 0 and 1 has nothing above the middle
    Path dark = save(painted(BufferedImage.TYPE_BYTE_GRAY, 1), "jpg", "dark.jpg");
    assertEquals(0, read(dark, "auto", null).facts().object());
  }

  @Test
  void thatAFileIsLossyIsToldByItsContentNotItsName() {
    Path file = save(painted(BufferedImage.TYPE_BYTE_GRAY, 1), "png", "png-inside.jpg");
    assertArrayEquals(shape(0), read(file, "auto", null).mask().values());
  }

  @Test
  void jpegNoiseSavedAsPngNeedsAThreshold() throws Exception {
    Path jpeg = save(painted(BufferedImage.TYPE_BYTE_GRAY, 255), "jpg", "noise.jpg");
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    try (Picture decoded = PictureFiles.read(jpeg, 0)) {
      float[] values = new float[WIDTH * HEIGHT];
      decoded.read(0, 0, 0, WIDTH, HEIGHT, values, 0);
      for (int i = 0; i < values.length; i++) {
        picture.getRaster().setSample(i % WIDTH, i / WIDTH, 0, (int) values[i]);
      }
    }
    Path png = save(picture, "png", "noise.png");
    assertTrue(read(png, "auto", null).facts().object() > objects(shape(0)));
    assertArrayEquals(shape(0), read(png, "above=127", null).mask().values());
  }

  @Test
  void theShapeMayLieInTheAlphaChannelAlone() {
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_4BYTE_ABGR);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        picture.setRGB(x, y, inside(x, y, 0) ? 0xFFFFFFFF : 0x00FFFFFF);
      }
    }
    Path file = save(picture, "png", "alpha.png");
    MaskFiles.Read plain = read(file, "auto", null);
    assertEquals(WIDTH * HEIGHT, plain.facts().object());
    assertTrue(plain.facts().alphaVaries());
    assertArrayEquals(shape(0), read(file, "alpha", null).mask().values());
    Path opaque = grey("opaque.png", 255, 0);
    Refusal.of(() -> read(opaque, "alpha", null), "opaque.png", "no alpha channel");
  }

  @Test
  void palettesAreReadByColourOrByIndex() {
    byte[] red = {(byte) 255, 0, (byte) 224};
    byte[] green = {(byte) 255, 0, (byte) 224};
    byte[] blue = {(byte) 255, 0, (byte) 192};
    IndexColorModel palette = new IndexColorModel(8, 3, red, green, blue);
    BufferedImage picture =
        new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_INDEXED, palette);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        picture.getRaster().setSample(x, y, 0, inside(x, y, 0) ? 1 : y == 0 ? 2 : 0);
      }
    }
    // index 0 is white here: not black is nearly all of it
    Path file = save(picture, "png", "palette.png");
    MaskFiles.Read plain = read(file, "auto", null);
    assertTrue(plain.facts().object() > WIDTH * HEIGHT / 2);
    assertEquals(MaskFacts.Kind.INDEX, plain.facts().kind());
    assertEquals(Set.of(0, 1, 2), plain.facts().values().keySet());
    assertArrayEquals(shape(0), read(file, "values=1", null).mask().values());
    assertArrayEquals(shape(0), read(file, "colours=#000000", null).mask().values());
    // the outline that data sets paint around objects is void
    Mask voided = read(file, "values=1", 2).mask();
    assertEquals(Mask.VOID, voided.values()[3]);
    assertEquals(WIDTH, read(file, "values=1", 2).facts().ignored());
  }

  @Test
  void coloursTellClassesApart() {
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        picture.setRGB(x, y, inside(x, y, 0) ? 0xFF0000 : inside(x, y, 8) ? 0x00FF00 : 0);
      }
    }
    Path file = save(picture, "png", "colours.png");
    assertArrayEquals(shape(0), read(file, "colours=ff0000", null).mask().values());
    assertArrayEquals(shape(8), read(file, "colours=00ff00", null).mask().values());
    assertEquals(
        objects(shape(0)) + objects(shape(8)),
        read(file, "colours=ff0000,00ff00", null).facts().object());
    assertEquals(Set.of(0, 0xFF0000, 0x00FF00), read(file, "auto", null).facts().values().keySet());
  }

  @Test
  void voidPixelsAreNeitherObjectNorBackground() {
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    paint(picture, 0, 1);
    for (int x = 0; x < WIDTH; x++) {
      picture.getRaster().setSample(x, 0, 0, 255);
    }
    MaskFiles.Read read = read(save(picture, "png", "void.png"), "auto", 255);
    assertEquals(WIDTH, read.facts().ignored());
    assertEquals(objects(shape(0)), read.facts().object());
    Mask guess = new Mask(HEIGHT, WIDTH, new byte[WIDTH * HEIGHT]);
    assertEquals(
        WIDTH * (HEIGHT - 1), guess.against(read.mask()).trueNegatives() + objects(shape(0)));
  }

  @Test
  void ofSeveralMasksTheUnionCounts() {
    Path one = grey("one.png", 255, 0);
    Path two = grey("two.png", 255, 8);
    MaskFiles.Read read = MaskFiles.read(List.of(one, two), 0, MaskRule.AUTO, new ArrayList<>());
    assertEquals(objects(shape(0)) + objects(shape(8)), read.facts().object());
    Path other = folder.resolve("other.png");
    MaskPng.write(other, new Mask(3, 3, new byte[9]));
    Refusal.of(
        () -> MaskFiles.read(List.of(one, other), 0, MaskRule.AUTO, new ArrayList<>()),
        "other.png",
        "3 x 3",
        "16 x 12");
  }

  @Test
  void rulesThatAreNone() {
    for (String rule :
        new String[] {
          "", "white", "above", "above=x", "above=NaN", "values=", "colours=zz", "alpha=1"
        }) {
      Refusal.of(() -> MaskRule.parse(rule, null), "--mask-rule '" + rule + "'", "not-black");
    }
    assertFalse(MaskRule.parse(" Above=12 ", null).values().contains(12));
    assertEquals(Set.of(1, 255), MaskRule.parse("values=1, 255", null).values());
  }

  private Path grey(String name, int high, int shift) {
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    paint(picture, shift, high);
    return save(picture, "png", name);
  }

  private static BufferedImage painted(int type, int high) {
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, type);
    paint(picture, 0, high);
    return picture;
  }

  private static void paint(BufferedImage picture, int shift, int high) {
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        picture.getRaster().setSample(x, y, 0, inside(x, y, shift) ? high : 0);
      }
    }
  }

  /** Not symmetric in any way. */
  private static boolean inside(int x, int y, int shift) {
    return x >= shift && x < shift + 8 && y >= 4 && (y < 8 || x < shift + 5);
  }

  private static byte[] shape(int shift) {
    byte[] shape = new byte[WIDTH * HEIGHT];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = (byte) (inside(i % WIDTH, i / WIDTH, shift) ? 1 : 0);
    }
    return shape;
  }

  private static long objects(byte[] shape) {
    long objects = 0;
    for (byte value : shape) {
      objects += value;
    }
    return objects;
  }

  private Path save(BufferedImage picture, String format, String name) {
    Path file = folder.resolve(name);
    MaskPng.save(picture, format, file);
    return file;
  }

  private static MaskFiles.Read read(Path file, String rule, @Nullable Integer ignored) {
    return MaskFiles.read(List.of(file), 0, MaskRule.parse(rule, ignored), new ArrayList<>());
  }
}
