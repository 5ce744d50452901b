package dev.quern.train.report;

import dev.quern.train.data.Image;
import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import java.awt.image.BufferedImage;
import java.util.Arrays;

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

  private final Mask truth;
  private final Mask prediction;
  private final int stride;
  private final int height;
  private final int width;
  private final float[][] planes;
  private final float low;
  private final float high;

  ExamplePictures(Sample sample, Mask prediction) {
    this.truth = sample.mask();
    this.prediction = prediction;
    Image image = sample.image();
    stride = Math.max(1, Math.ceilDiv(Math.max(image.height(), image.width()), LARGEST_SIDE));
    height = Math.ceilDiv(image.height(), stride);
    width = Math.ceilDiv(image.width(), stride);
    planes = planes(image);
    float[] sorted = new float[planes.length * height * width];
    for (int c = 0; c < planes.length; c++) {
      System.arraycopy(planes[c], 0, sorted, c * height * width, height * width);
    }
    Arrays.sort(sorted);
    low = sorted[sorted.length / 100];
    high = Math.max(sorted[sorted.length - 1 - sorted.length / 200], low + 1e-3f);
  }

  /** One to three channels of the picture as it is drawn. */
  private float[][] planes(Image image) {
    float[][] drawn = new float[Math.min(3, image.channels())][height * width];
    float[] row = new float[image.width()];
    for (int c = 0; c < drawn.length; c++) {
      for (int y = 0; y < height; y++) {
        image.read(c, 0, y * stride, image.width(), 1, row, 0);
        for (int x = 0; x < width; x++) {
          drawn[c][y * width + x] = row[x * stride];
        }
      }
    }
    return drawn;
  }

  /** The image alone. */
  String image() {
    return draw((_, _, pixel) -> pixel);
  }

  /** The image with the rim of the true mask. */
  String truth() {
    return draw((x, y, pixel) -> rim(truth, x, y) ? OUTLINE : pixel);
  }

  /** The image under colours for hits, extra and missed pixels. */
  String prediction() {
    return draw((x, y, pixel) -> {
      boolean object = set(truth, x, y);
      boolean guess = set(prediction, x, y);
      if (object && guess) {
        return blend(pixel, HIT);
      }
      return object ? blend(pixel, MISSED) : guess ? blend(pixel, EXTRA) : pixel;
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
    return Png.dataUrl(picture);
  }

  private int pixel(int x, int y) {
    int colour = 0;
    for (int c = 0; c < 3; c++) {
      float value = planes[Math.min(c, planes.length - 1)][y * width + x];
      int level = Math.round(255 * Math.clamp((value - low) / (high - low), 0f, 1f));
      colour = (colour << 8) | level;
    }
    return colour;
  }

  private boolean set(Mask mask, int x, int y) {
    return mask.values()[y * stride * mask.width() + x * stride] == 1;
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
