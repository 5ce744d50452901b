package dev.quern.train.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.Image;
import dev.quern.train.data.Tile;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class FeatureExtractorTest {

  private static final long SEED = 20;

  @Test
  void windowMeansAndDeviationsMatchPlainLoops() {
    int height = 13;
    int width = 37;
    float[] values = noise(height * width);
    Image image = Image.of(1, height, width, values);
    Brightness brightness = Brightness.of(image, 0, ChannelRange.UNIT);
    Plane plane = new Plane(image, 0, brightness, new Tile(0, 0, width, height), 0);
    for (int r : new int[] {1, 2, 4, 16, 40}) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          double sum = 0;
          double squares = 0;
          int count = 0;
          for (int v = Math.max(0, y - r); v <= Math.min(height - 1, y + r); v++) {
            for (int u = Math.max(0, x - r); u <= Math.min(width - 1, x + r); u++) {
              sum += values[v * width + u];
              squares += (double) values[v * width + u] * values[v * width + u];
              count++;
            }
          }
          double mean = sum / count;
          double deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
          assertEquals(mean, plane.mean(x, y, r), 1e-12);
          assertEquals(deviation, plane.deviation(x, y, r, plane.mean(x, y, r)), 1e-7);
        }
      }
    }
  }

  @Test
  void aFlatImageHasNoContrastAndFiniteFeatures() {
    float[] values = new float[64];
    Arrays.fill(values, 0.25f);
    float[] features =
        new FeatureExtractor(1).of(Image.of(1, 8, 8, values)).rows(PixelSample.all(64));
    for (float value : features) {
      assertTrue(Float.isFinite(value));
    }
    assertEquals(0.25f, features[0]);
    assertEquals(0f, features[1], 1e-5f);
  }

  @Test
  void takesImagesOfAnySize() {
    for (int[] size : new int[][] {{1, 1}, {1, 7}, {5, 1}, {2, 3}, {31, 64}}) {
      int pixels = size[0] * size[1];
      FeatureExtractor extractor = new FeatureExtractor(1);
      float[] features =
          extractor.of(Image.of(1, size[0], size[1], noise(pixels))).rows(PixelSample.all(pixels));
      assertEquals(pixels * extractor.size(), features.length);
      for (float value : features) {
        assertTrue(Float.isFinite(value), Arrays.toString(size));
      }
    }
  }

  @Test
  void aPixelsFeaturesDoNotDependOnTheOthers() {
    Image image = Image.of(1, 20, 30, noise(600));
    FeatureExtractor extractor = new FeatureExtractor(1);
    float[] all = extractor.of(image).rows(PixelSample.all(600));
    int[] some = {599, 0, 31, 7};
    float[] few = extractor.of(image).rows(some);
    int size = extractor.size();
    for (int i = 0; i < some.length; i++) {
      assertArrayEquals(
          Arrays.copyOfRange(all, some[i] * size, (some[i] + 1) * size),
          Arrays.copyOfRange(few, i * size, (i + 1) * size));
    }
  }

  @Test
  void tilesGiveTheFeaturesOfWindowsThatCrossThem() {
    // two tiles wide: the windows of pixels beside the seam lie in both
    int width = Tile.SIDE + 40;
    int height = 70;
    Image image = Image.of(1, height, width, noise(width * height));
    Brightness brightness = Brightness.of(image, 0, ChannelRange.UNIT);
    Plane whole = new Plane(image, 0, brightness, new Tile(0, 0, width, height), 0);
    Plane right = new Plane(image, 0, brightness, Tile.of(width, height).get(1), 32);
    for (int y = 0; y < height; y += 3) {
      for (int x = Tile.SIDE; x < width; x++) {
        for (int r : new int[] {1, 16, 32}) {
          assertEquals(whole.mean(x, y, r), right.mean(x, y, r), 1e-12);
        }
        assertEquals(whole.near(x - 8, y - 8, 4), right.near(x - 8, y - 8, 4), 1e-12);
      }
    }
    FeatureExtractor extractor = new FeatureExtractor(1);
    ImageFeatures features = extractor.of(image);
    int[] pixels = {3 * width + Tile.SIDE + 1, 3 * width + Tile.SIDE, 3 * width + Tile.SIDE - 1};
    float[] asked = features.rows(pixels);
    float[] first = features.tile(Tile.of(width, height).get(1)).rows(3 * 40, 3 * 40 + 2);
    int size = extractor.size();
    assertArrayEquals(Arrays.copyOfRange(first, size, 2 * size), Arrays.copyOf(asked, size));
    assertArrayEquals(Arrays.copyOf(first, size), Arrays.copyOfRange(asked, size, 2 * size));
  }

  @Test
  void deepImagesAreStretchedToTheRangeOfTheTrainingImages() {
    float[] eight = noise(600);
    float[] twelveBitsInSixteen = new float[600];
    for (int i = 0; i < 600; i++) {
      twelveBitsInSixteen[i] = eight[i] / 16;
    }
    int[] pixels = PixelSample.all(600);
    float[] plain = new FeatureExtractor(1).of(Image.of(1, 20, 30, eight)).rows(pixels);
    float[] stretched =
        new FeatureExtractor(List.of(new ChannelRange(0, 1 / 16f)))
            .of(Image.of(1, 20, 30, twelveBitsInSixteen))
            .rows(pixels);
    assertArrayEquals(plain, stretched, 1e-5f);
  }

  @Test
  void channelsBeyondThreeAreKept() {
    float[] values = noise(5 * 12);
    FeatureExtractor five = new FeatureExtractor(5);
    float[] rows = five.of(Image.of(5, 3, 4, values)).rows(PixelSample.all(12));
    int perChannel = new FeatureExtractor(1).size();
    for (int c = 0; c < 5; c++) {
      assertEquals(values[c * 12 + 7], rows[7 * five.size() + c * perChannel]);
    }
    assertTrue(five.takes(1));
    assertFalse(five.takes(3));
  }

  @Test
  void greyAndColourStandInForEachOther() {
    float[] grey = noise(12);
    float[] colour = new float[36];
    for (int c = 0; c < 3; c++) {
      System.arraycopy(grey, 0, colour, 12 * c, 12);
    }
    int[] pixels = PixelSample.all(12);
    FeatureExtractor three = new FeatureExtractor(3);
    assertEquals(3 * new FeatureExtractor(1).size(), three.size());
    assertArrayEquals(
        three.of(Image.of(3, 3, 4, colour)).rows(pixels),
        three.of(Image.of(1, 3, 4, grey)).rows(pixels));
  }

  @Test
  void standardisedFeaturesHaveMeanZeroAndDeviationOne() {
    float[] rows = noise(7 * 1001);
    Standardization.Sums sums = new Standardization.Sums(7);
    sums.add(Arrays.copyOf(rows, 7 * 500));
    Standardization.Sums rest = new Standardization.Sums(7);
    rest.add(Arrays.copyOfRange(rows, 7 * 500, rows.length));
    sums.add(rest);
    Standardization standardization = sums.result();
    standardization.apply(rows);
    double[] sum = new double[7];
    double[] squares = new double[7];
    for (int i = 0; i < rows.length; i++) {
      sum[i % 7] += rows[i];
      squares[i % 7] += rows[i] * rows[i];
    }
    for (int f = 0; f < 7; f++) {
      assertEquals(0, sum[f] / 1001, 1e-5);
      assertEquals(1, squares[f] / 1001, 1e-4);
    }
    Standardization.Sums flat = new Standardization.Sums(1);
    flat.add(new float[] {3, 3, 3});
    assertArrayEquals(new float[] {1}, flat.result().std());
  }

  @Test
  void drawsPixelsSpreadOverTheImage() {
    int[] drawn = PixelSample.draw(1000, 300, 1, 2, 3);
    assertArrayEquals(drawn, PixelSample.draw(1000, 300, 1, 2, 3));
    assertEquals(300, Arrays.stream(drawn).distinct().count());
    for (int i = 0; i < 300; i++) {
      assertTrue(drawn[i] >= i * 1000 / 300 && drawn[i] < (i + 1) * 1000 / 300);
    }
    assertArrayEquals(PixelSample.all(9), PixelSample.draw(9, 300, 1, 2, 3));
  }

  private static float[] noise(int length) {
    RandomGenerator random = new SplittableRandom(SEED);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return values;
  }
}
