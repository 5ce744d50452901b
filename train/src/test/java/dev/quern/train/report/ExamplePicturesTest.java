package dev.quern.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.train.data.Image;
import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ExamplePicturesTest {

  private static final int OUTLINE = 0x3DDC97;

  @Test
  void aFullMaskIsOutlinedAtTheBorder() throws IOException {
    assertEquals(2 * 7 + 2 * 5 - 4, outlined(7, 5, full(7, 5)));
  }

  @Test
  void anObjectThatTheBorderCutsIsOutlinedThereToo() throws IOException {
    byte[] half = new byte[6 * 10];
    for (int y = 0; y < 6; y++) {
      Arrays.fill(half, y * 10, y * 10 + 5, (byte) 1);
    }
    assertEquals(2 * 5 + 2 * 6 - 4, outlined(6, 10, half));
  }

  @Test
  void aThinnedOutPictureHasABorderToo() throws IOException {
    // 1025 x 30 is shown as 342 x 10
    assertEquals(2 * 342 + 2 * 10 - 4, outlined(1025, 30, full(1025, 30)));
  }

  @Test
  void anEmptyMaskHasNoOutline() throws IOException {
    assertEquals(0, outlined(4, 4, new byte[16]));
  }

  private static byte[] full(int height, int width) {
    byte[] values = new byte[height * width];
    Arrays.fill(values, (byte) 1);
    return values;
  }

  private static int outlined(int height, int width, byte[] values) throws IOException {
    Mask mask = new Mask(height, width, values);
    Image image = Image.of(1, height, width, new float[height * width]);
    String uri = Example.of(new Sample("", image, mask), mask).truth();
    byte[] png = Base64.getDecoder().decode(uri.substring(uri.indexOf(',') + 1));
    BufferedImage picture = ImageIO.read(new ByteArrayInputStream(png));
    int count = 0;
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        count += (picture.getRGB(x, y) & 0xFFFFFF) == OUTLINE ? 1 : 0;
      }
    }
    return count;
  }
}
