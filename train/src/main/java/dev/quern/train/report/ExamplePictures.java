package dev.quern.train.report;

import dev.quern.train.data.Image;
import dev.quern.train.data.ImageFiles;
import dev.quern.train.data.Mask;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Base64;

/**
 * The three panels of an example as PNG data URIs: the image, its true outline, and where the
 * prediction is right and wrong. Contrast is stretched for the eye; a side longer than {@value
 * #LARGEST_SIDE} pixels is thinned out.
 */
final class ExamplePictures {

  private static final int LARGEST_SIDE = 512;
  private static final int HIT = 0x12A1A8;
  private static final int EXTRA = 0xF08C00;
  private static final int MISSED = 0xD6336C;
  private static final int OUTLINE = 0x3DDC97;

  private final Example example;
  private final int stride;
  private final int height;
  private final int width;
  private final float low;
  private final float high;

  ExamplePictures(Example example) {
    this.example = example;
    Image image = example.sample().image();
    stride = Math.max(1, Math.ceilDiv(Math.max(image.height(), image.width()), LARGEST_SIDE));
    height = Math.ceilDiv(image.height(), stride);
    width = Math.ceilDiv(image.width(), stride);
    float[] sorted = image.values().clone();
    Arrays.sort(sorted);
    low = sorted[sorted.length / 100];
    high = Math.max(sorted[sorted.length - 1 - sorted.length / 200], low + 1e-3f);
  }

  /** The image alone. */
  String image() {
    return draw((_, _, pixel) -> pixel);
  }

  /** The image with the rim of the true mask. */
  String truth() {
    return draw((x, y, pixel) -> rim(example.sample().mask(), x, y) ? OUTLINE : pixel);
  }

  /** The image under colours for hits, extra and missed pixels. */
  String prediction() {
    return draw((x, y, pixel) -> {
      boolean truth = set(example.sample().mask(), x, y);
      boolean guess = set(example.prediction(), x, y);
      if (truth && guess) {
        return blend(pixel, HIT);
      }
      return truth ? blend(pixel, MISSED) : guess ? blend(pixel, EXTRA) : pixel;
    });
  }

  @FunctionalInterface
  private interface Paint {
    int colour(int x, int y, int pixel);
  }

  private String draw(Paint paint) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        picture.setRGB(x, y, paint.colour(x, y, pixel(x, y)));
      }
    }
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(ImageFiles.png(picture));
  }

  private int pixel(int x, int y) {
    Image image = example.sample().image();
    int at = y * stride * image.width() + x * stride;
    int colour = 0;
    for (int c = 0; c < 3; c++) {
      float value = image.values()[Math.min(c, image.channels() - 1) * image.pixels() + at];
      int level = Math.round(255 * Math.clamp((value - low) / (high - low), 0f, 1f));
      colour = (colour << 8) | level;
    }
    return colour;
  }

  private boolean set(Mask mask, int x, int y) {
    return mask.values()[y * stride * mask.width() + x * stride] != 0;
  }

  /** Outside the picture there is no object, so that one that fills it has a rim too. */
  private boolean rim(Mask mask, int x, int y) {
    return set(mask, x, y)
        && (x == 0
            || y == 0
            || x == width - 1
            || y == height - 1
            || !set(mask, x - 1, y)
            || !set(mask, x, y - 1)
            || !set(mask, x + 1, y)
            || !set(mask, x, y + 1));
  }

  private static int blend(int pixel, int colour) {
    int mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int below = (pixel >> shift) & 255;
      int above = (colour >> shift) & 255;
      mixed |= ((below * 45 + above * 55) / 100) << shift;
    }
    return mixed;
  }
}
